// Networks that hear digits in log-mels: filters over mel and time, then the mean over all times, or a GRU in both directions.
import type { Tensor } from "simdgrad";
import {
  BatchNorm2d,
  type Context,
  Conv2d,
  Dropout,
  forward,
  GRU,
  Linear,
  logSoftmax,
  relu,
  Sequential,
} from "simdgrad/nn";

/** Frames become one. */
export const STRIDE = 4;
const [FIRST, SECOND, THIRD] = [16, 32, 48];
/** Numbers of a time: those of all filters of the last stage at 5 heights of 40 mels. */
const WIDTH = 5 * THIRD;

function stage(channels: number, out: number, kernel: number, stride: number | readonly [number, number]): Sequential {
  return new Sequential(
    new Conv2d(channels, out, kernel, { stride, padding: kernel >> 1, bias: false }),
    new BatchNorm2d(out),
    relu,
  );
}

/** From log-mels [N, 1, 40, frames] to [N, frames / 4, WIDTH]. */
class Ear {
  readonly stages = new Sequential(stage(1, FIRST, 5, 2), stage(FIRST, SECOND, 3, 2), stage(SECOND, THIRD, 3, [2, 1]));

  forward(x: Tensor, context: Context): Tensor {
    const heard = this.stages.forward(x, context).permute([0, 3, 1, 2]);
    return heard.reshape([...heard.shape.slice(0, 2), WIDTH]);
  }
}

/** From log-mels of one digit [N, 1, 40, frames] to its logits [N, 10]. */
export class DigitNetwork {
  readonly ear = new Ear();
  readonly dropout = new Dropout(0.3);
  readonly hidden = new Linear(WIDTH, 64);
  readonly out = new Linear(64, 10);

  forward(x: Tensor, context: Context): Tensor {
    const times = forward(this.ear, x, context, "ear");
    const heard = relu(this.hidden.forward(this.dropout.forward(times, context)));
    return this.out.forward(this.dropout.forward(heard.mean(1), context));
  }
}

/** From log-mels [N, 1, 40, frames] to log-probabilities [N, frames / 4, 11]: no digit, or one more than the digit that is said. */
export class StringNetwork {
  readonly ear = new Ear();
  readonly dropout = new Dropout(0.2);
  readonly narrow = new Linear(WIDTH, 96);
  readonly gru = new GRU(96, 64, { batchFirst: true, bidirectional: true });
  readonly out = new Linear(128, 11);

  forward(x: Tensor, context: Context): Tensor {
    const heard = relu(this.narrow.forward(this.dropout.forward(forward(this.ear, x, context, "ear"), context)));
    const output = this.gru.forward(heard, context);
    return logSoftmax(this.out.forward(this.dropout.forward(output, context)));
  }
}
