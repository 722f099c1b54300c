// simdgrad/insight: what a training did, and how far its model is to be believed.
export { type Calibration, type CalibrationBin, type CalibrationOptions, calibration } from "./calibration.ts";
