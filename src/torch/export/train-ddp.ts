export const TRAIN_DDP = "";
