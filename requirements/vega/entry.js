// Vega-Lite, the part of Vega that its charts of points and lines need, and Vega's own interpreter of expressions,
// so that the page's policy can forbid `eval`.
import { transforms } from "vega-dataflow";
import * as encode from "vega-encode";
import * as table from "vega-transforms";
import * as view from "vega-view-transforms";

Object.assign(transforms, encode, table, view);

export { expressionInterpreter } from "vega-interpreter";
export { compile } from "vega-lite";
export { parse } from "vega-parser";
export { View } from "vega-view";
