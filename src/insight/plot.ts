// The one door to Observable Plot. The build puts the library itself into this module's output, so that the package has no dependency.
export { cell, dot, line, plot, text } from "@observablehq/plot";
