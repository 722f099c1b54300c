// simdgrad/tabular: from a table to a model of one of its columns.
export type { TabularRows } from "./cells.ts";
export type { ColumnUse, DroppedColumn, TabularColumn } from "./columns.ts";
export type { DatePart } from "./dates.ts";
export type { FeatureScale } from "./features.ts";
export type { TabularMetrics, TabularTraining } from "./file.ts";
export { fitTable } from "./fit.ts";
export { TabularModel, type TabularPrediction } from "./model.ts";
export type { TabularNetwork } from "./network.ts";
export type { TabularOptions, TabularProgress, TabularReading } from "./options.ts";
export type { TabularParts } from "./parts.ts";
export type { Scores } from "./scores.ts";
export type { Task } from "./target.ts";
