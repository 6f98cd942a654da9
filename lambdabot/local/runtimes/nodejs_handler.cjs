"use strict";

/* How the handler of a Node.js function is found, as "Building Lambda functions with Node.js" of the AWS Lambda
 * Developer Guide and AWS's own runtime interface client have it. */

const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { RuntimeError, isError } = require("./nodejs_log.cjs");

const LAST_WITH_CALLBACKS = 22;
const LAST_WITH_SDK_2 = 16;
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const MAJOR = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)[1]);
const HAS_CALLBACKS = MAJOR <= LAST_WITH_CALLBACKS;

const isStreaming = (handler) => handler[STREAMING] === "response";

function markStreaming(handler) {
  handler[STREAMING] = "response";
  return handler;
}

async function load(root, handler) {
  if (handler.includes("..")) {
    const advice = "Use absolute paths when specifying root directories in handler names.";
    throw new RuntimeError("MalformedHandlerName", `'..' is not a valid handler string. ${advice}`);
  }
  const base = path.basename(handler);
  const [, name, member] = /^([^.]*)\.(.*)$/.exec(base) || [];
  if (!name) throw new RuntimeError("MalformedHandlerName", "Bad handler");
  const found = await importUnlessItFails(root, handler.slice(0, -base.length), name);
  const value = member.split(".").reduce((at, part) => at && at[part], found);
  if (value === undefined || value === null) {
    throw new RuntimeError("HandlerNotFound", `${handler} is undefined or not exported`);
  }
  if (typeof value !== "function") throw new RuntimeError("HandlerNotFound", `${handler} is not a function`);
  if (!HAS_CALLBACKS && !isStreaming(value) && value.length > 2) {
    const what = "AWS Lambda has removed support for callback-based function handlers starting with Node.js 24.";
    throw new RuntimeError("CallbackHandlerDeprecated", `ERROR: ${what}`);
  }
  return value;
}

async function importUnlessItFails(root, folder, name) {
  try {
    return await imported(root, folder, name);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError("UserCodeSyntaxError", String(error), error);
    const hint = isError(error) ? importError(error) : "";
    if (error && error.code === "MODULE_NOT_FOUND") {
      throw new RuntimeError("ImportModuleError", `Error: ${error.message}${hint}`, error);
    }
    if (hint) error.message += hint;
    throw error;
  }
}

async function imported(root, folder, name) {
  const file = path.resolve(root, folder, name);
  for (const ending of ["", ".js", ".mjs", ".cjs"]) {
    if (!fs.statSync(file + ending, { throwIfNoEntry: false })?.isFile()) continue;
    const isModule = ending === ".mjs" || (ending === ".js" && isOfModules(path.dirname(file)));
    return isModule ? import(pathToFileURL(file + ending).href) : require(file + ending);
  }
  if (fs.existsSync(file)) return require(file); // a folder with an index
  return require(require.resolve(name, { paths: [root, path.join(root, folder)] }));
}

/** Tell whether the nearest package.json says that .js files are ES modules. */
function isOfModules(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(at, "package.json"), "utf8")).type === "module";
    } catch (error) {
      if (error instanceof SyntaxError || at === path.dirname(at)) return false;
    }
  }
}

function importError(error) {
  const found = /Cannot find (?:module|package) '([^']+)'/.exec(error.message);
  const name = found ? found[1] : "";
  const provided = MAJOR > LAST_WITH_SDK_2 ? /^@(aws-sdk|smithy)\// : /^aws-sdk(\/|$)/;
  if (!provided.test(name)) return "";
  const brought = MAJOR > LAST_WITH_SDK_2 ? "@aws-sdk" : "aws-sdk";
  return ` (Lambda's Node.js runtime brings ${brought} along; this machine does not: bundle it, or npm install)`;
}

module.exports = { HAS_CALLBACKS, isStreaming, load, markStreaming };
