// Every error simdgrad throws on purpose. Each says the operation, the shapes and, where known, the parameter's path.

/** Base of all errors that simdgrad throws on purpose. */
export class SimdgradError extends Error {
  /** Path of the layer or parameter it happened in, "" where that is unknown. */
  path = "";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  /** Says in the message that it happened inside `name`; called from the inside out. */
  inside(name: string): this {
    const before = this.path === "" ? this.message : this.message.slice(0, -` (${this.path})`.length);
    this.path = this.path === "" ? name : `${name}.${this.path}`;
    this.message = `${before} (${this.path})`;
    return this;
  }
}

/** Shapes that do not fit an operation, or an axis outside a shape. */
export class ShapeError extends SimdgradError {}

/** A dtype that an operation does not take. */
export class DTypeError extends SimdgradError {}

/** An argument outside its documented range. */
export class ArgumentError extends SimdgradError {}

/** Data that cannot be trained on: empty, of unequal length, non-finite, a class index out of range. */
export class DataError extends SimdgradError {}

/** A gradient that does not exist: of a non-scalar, through an op without one, of a tensor the output does not depend on. */
export class GradientError extends SimdgradError {}

/** A program that breaks a rule of the instruction set. */
export class ProgramError extends SimdgradError {}

/** More memory than an executor can address. */
export class MemoryError extends SimdgradError {}

/** A platform that lacks what an executor needs. */
export class UnsupportedError extends SimdgradError {}

/** A thread of a team that failed within a step, could not start, or died; after the last its executor can run nothing more. */
export class ThreadError extends SimdgradError {}

/** A worker that could not be started, died or stopped answering: what it was asked is lost. */
export class WorkerError extends SimdgradError {}

/** A call on something that was disposed, unloaded or never loaded. */
export class DisposedError extends SimdgradError {}

/** A loss that became NaN or infinite during training. */
export class NonFiniteError extends SimdgradError {
  /** The step, counted from 0, whose loss was not finite. */
  readonly step: number;

  constructor(message: string, step: number) {
    super(message);
    this.step = step;
  }
}
