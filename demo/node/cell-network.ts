// A network that looks for cells: an encoder to a 16th of the image's sides, a decoder back to the places of the maps, and its loss (after
// Zhou, Wang and Krähenbühl 2019, and Lin et al., "Feature pyramid networks for object detection", 2017).
import { concat, type Tensor } from "simdgrad";
import { BatchNorm2d, type Context, Conv2d, forward, logSigmoid, relu, Sequential, Upsample } from "simdgrad/nn";
import { KINDS } from "./blood-images.ts";
import { GIVEN } from "./cell-maps.ts";

/** A convolution with a norm, which has its own shift. */
function stage(channels: number, out: number, kernel: number, stride = 1): Sequential {
  return new Sequential(
    new Conv2d(channels, out, kernel, { stride, padding: kernel >> 1, bias: false }),
    new BatchNorm2d(out),
    relu,
  );
}

/** Channels at a half, a quarter, an 8th and a 16th of the sides; of the decoder. */
const [HALF, QUARTER, EIGHTH, SIXTEENTH] = [16, 32, 64, 96];
const WIDE = 48;
/** Its logits begin around -2. */
const FEW = 2;

const twice = new Upsample({ scaleFactor: 2 });

/** From images, 0 to 1, [N, 3, H, W], to maps [N, GIVEN, H / 4, W / 4]. */
export class CellNetwork {
  readonly quarter = new Sequential(stage(3, HALF, 5, 2), stage(HALF, QUARTER, 3, 2), stage(QUARTER, QUARTER, 3));
  readonly eighth = new Sequential(stage(QUARTER, EIGHTH, 3, 2), stage(EIGHTH, EIGHTH, 3));
  readonly sixteenth = new Sequential(stage(EIGHTH, SIXTEENTH, 3, 2), stage(SIXTEENTH, SIXTEENTH, 3));
  readonly top = stage(SIXTEENTH, WIDE, 1);
  readonly beside8 = stage(EIGHTH, WIDE, 1);
  readonly mixed8 = stage(WIDE, WIDE, 3);
  readonly beside4 = stage(QUARTER, WIDE, 1);
  readonly mixed4 = stage(WIDE, WIDE, 3);
  readonly kinds = new Conv2d(WIDE, KINDS.length, 1);
  readonly boxes = new Conv2d(WIDE, GIVEN - KINDS.length, 1);

  forward(x: Tensor, context: Context): Tensor {
    const quarter = forward(this.quarter, x.sub(0.5).mul(4), context, "quarter");
    const eighth = forward(this.eighth, quarter, context, "eighth");
    const sixteenth = forward(this.sixteenth, eighth, context, "sixteenth");
    const top = forward(this.top, sixteenth, context, "top");
    const eight = forward(twice, top, context).add(forward(this.beside8, eighth, context, "beside8"));
    const mixed = forward(this.mixed8, eight, context, "mixed8");
    const four = forward(twice, mixed, context).add(forward(this.beside4, quarter, context, "beside4"));
    const last = forward(this.mixed4, four, context, "mixed4");
    // Most places are no cell's middle: it begins there, not at one half.
    const kinds = forward(this.kinds, last, context, "kinds").sub(FEW);
    return concat([kinds, forward(this.boxes, last, context, "boxes")], 1);
  }
}

/** The focal loss of middles, by their number, and how far the boxes are off in the mean. */
export function cellLoss(given: Tensor, wanted: Tensor): Tensor {
  const kinds = KINDS.length;
  const [logits, boxes] = [given.narrow(1, 0, kinds), given.narrow(1, kinds, 4)];
  const [maps, numbers, weight] = [
    wanted.narrow(1, 0, kinds),
    wanted.narrow(1, kinds, 4),
    wanted.narrow(1, kinds + 4, 1),
  ];
  const surely = logits.sigmoid();
  const isMiddle = maps.greaterEqual(1);
  const missed = surely.neg().add(1).square().mul(logSigmoid(logits));
  const invented = maps.neg().add(1).square().square().mul(surely.square()).mul(logSigmoid(logits.neg()));
  const focal = isMiddle.select(missed, invented).sum().neg().div(isMiddle.cast("f32").sum().maximum(1));
  const off = boxes.sub(numbers).abs().mul(weight).sum().div(weight.sum().maximum(1));
  return focal.add(off);
}
