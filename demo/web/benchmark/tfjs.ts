// TensorFlow.js without its parts that no measurement here needs: layers, data, converters, graphics. It takes the place of the package that
// has them all.
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import "@tensorflow/tfjs-backend-cpu";

export * from "@tensorflow/tfjs-core";
export * as default from "@tensorflow/tfjs-core";
