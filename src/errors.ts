// Every error simdgrad throws on purpose. Each says the operation, the shapes and, where known, the parameter's path.

/** Base of all errors that simdgrad throws on purpose. */
export class SimdgradError extends Error {
  /** Written out in each class: a bundler may call the classes as it likes. */
  override readonly name: string = "SimdgradError";
  /** Path of the layer or parameter it happened in, "" where that is unknown. */
  path = "";

  /** Says in the message that it happened inside `name`; called from the inside out. */
  inside(name: string): this {
    const before = this.path === "" ? this.message : this.message.slice(0, -` (${this.path})`.length);
    this.path = this.path === "" ? name : `${name}.${this.path}`;
    this.message = `${before} (${this.path})`;
    return this;
  }
}

/** Shapes that do not fit an operation, or an axis outside a shape. */
export class ShapeError extends SimdgradError {
  override readonly name = "ShapeError";
}

/** A dtype that an operation does not take. */
export class DTypeError extends SimdgradError {
  override readonly name = "DTypeError";
}

/** An argument outside its documented range. */
export class ArgumentError extends SimdgradError {
  override readonly name = "ArgumentError";
}

/** Data that cannot be trained on: empty, of unequal length, non-finite, a class index out of range. */
export class DataError extends SimdgradError {
  override readonly name = "DataError";
}

/** A gradient that does not exist: of a non-scalar, through an op without one, of a tensor the output does not depend on. */
export class GradientError extends SimdgradError {
  override readonly name = "GradientError";
}

/** A program that breaks a rule of the instruction set. */
export class ProgramError extends SimdgradError {
  override readonly name = "ProgramError";
}

/** More memory than an executor can address. */
export class MemoryError extends SimdgradError {
  override readonly name = "MemoryError";
}

/** A platform that lacks what an executor needs. */
export class UnsupportedError extends SimdgradError {
  override readonly name = "UnsupportedError";
}

/** A thread that failed within a step, could not start, or died; after the death of one its executor can run nothing more. */
export class ThreadError extends SimdgradError {
  override readonly name = "ThreadError";
}

/** A worker that could not be started, died or stopped answering: what it was asked is lost. */
export class WorkerError extends SimdgradError {
  override readonly name = "WorkerError";
}

/** A call on something that was disposed, unloaded or never loaded. */
export class DisposedError extends SimdgradError {
  override readonly name = "DisposedError";
}

/** A loss that became NaN or infinite during training. */
export class NonFiniteError extends SimdgradError {
  override readonly name = "NonFiniteError";
  /** The step, counted from 0, whose loss was not finite. */
  readonly step: number;

  constructor(message: string, step: number) {
    super(message);
    this.step = step;
  }
}
