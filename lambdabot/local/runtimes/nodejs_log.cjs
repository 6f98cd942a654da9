"use strict";

/* What goes wrong in a Node.js worker, in the shape that Lambda gives it, and the lines that its console writes. */

const fs = require("node:fs");
const { format, types } = require("node:util");

// Taken before the function's code can replace them: what it does to them is its own affair.
const { now } = Date;
const { env } = process;

class RuntimeError extends Error {
  constructor(type, message, cause) {
    super(message);
    this.name = `Runtime.${type}`;
    if (cause && cause.stack) this.stack = `${this.name}: ${cause.stack}`; // where it happened, and not here
  }
}

const isError = (value) => types.isNativeError(value) || Boolean(value && value.name && value.message && value.stack);
const lines = (stack) => (typeof stack === "string" ? stack.split("\n") : []);

function asText(value) {
  try {
    return String(value);
  } catch {
    return format(value); // it has no text of its own
  }
}

function described(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: asText(error), trace: [] };
  return { errorType: String(error.name), errorMessage: String(error.message), trace: lines(error.stack) };
}

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const IN_JSON = env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const LEAST = Math.max(0, LEVELS.indexOf(env.AWS_LAMBDA_LOG_LEVEL));

let requestId; // of the invocation that is under way

function setRequest(id) {
  requestId = id;
}

function log(level, first, ...more) {
  if (IN_JSON && LEVELS.indexOf(level) < LEAST) return;
  const timestamp = new Date(now()).toISOString();
  const text = () => [timestamp, String(requestId), level, format(first, ...more)].join("\t");
  const line = IN_JSON ? json(timestamp, level, first, more) : text();
  fs.writeSync(1, `${line.replace(/\n/g, "\r")}\n`); // one event of the log for each
}

function asJson(_, value) {
  if (!isError(value)) return value;
  return { errorType: value.constructor.name, errorMessage: value.message, stackTrace: lines(value.stack), ...value };
}

function json(timestamp, level, first, more) {
  const record = { timestamp, level, requestId };
  const error = more.find(isError);
  const told = error ? asJson("", error) : {};
  try {
    const message = more.length ? format(first, ...more) : first;
    return JSON.stringify({ ...record, message, ...told }, asJson);
  } catch {
    return JSON.stringify({ ...record, message: format(first, ...more) });
  }
}

const METHODS = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR" };
for (const [method, level] of Object.entries(METHODS)) console[method] = (...parts) => log(level, ...parts);

function logError(what, error) {
  const { errorType, errorMessage, trace } = described(error);
  if (IN_JSON) {
    log("ERROR", { errorType, errorMessage, stackTrace: trace });
    return;
  }
  const plain = { errorType, errorMessage, stack: trace };
  let told;
  try {
    told = JSON.stringify(isError(error) ? { errorType, errorMessage, ...error, stack: trace } : plain);
  } catch {
    told = JSON.stringify(plain); // what an error holds may lead back to itself
  }
  log("ERROR", `${what} \t${told}`);
}

module.exports = { RuntimeError, asText, described, isError, logError, setRequest };
