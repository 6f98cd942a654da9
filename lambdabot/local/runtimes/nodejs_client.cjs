"use strict";

/*
 * The main program of a Node.js worker: a client of Lambda's Runtime API. It runs by itself, on Node.js alone.
 *
 * How handlers are found and called, what fails in which words and how console lines look is as "Building Lambda
 * functions with Node.js" of the AWS Lambda Developer Guide and AWS's own runtime interface client have it.
 */

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { Writable } = require("node:stream");
const { pathToFileURL } = require("node:url");
const { format, types } = require("node:util");

// Taken before the function's code can replace them: what it does to them is its own affair.
const { request } = http;
const { now } = Date;
const { exit } = process;
const { env } = process;

const [HOST, PORT] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const ROOT = "/2018-06-01/runtime";
const AGENT = new http.Agent({ keepAlive: true });
const MAJOR = Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV)[1]);
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response";
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";
const LAST_WITH_CALLBACKS = 22;
const LAST_WITH_SDK_2 = 16;

/* ---- the Runtime API ---- */

function open(method, target, headers, answered, failed) {
  const sent = request({ agent: AGENT, host: HOST, port: PORT, method, path: ROOT + target, headers }, (answer) => {
    let body = "";
    answer.setEncoding("utf8");
    answer.on("data", (part) => (body += part));
    answer.on("end", () => answered({ status: answer.statusCode, headers: answer.headers, body }));
  });
  sent.on("error", failed);
  return sent;
}

function call(method, target, headers = {}, body = "") {
  return new Promise((answered, failed) => {
    const length = body ? { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) } : {};
    open(method, target, { ...headers, ...length }, answered, failed).end(body);
  });
}

function postError(target, error) {
  const told = described(error);
  return call("POST", target, { [ERROR_TYPE]: inHeader(told.errorType) }, JSON.stringify(told));
}

const inHeader = (text) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 1024);

/* ---- errors ---- */

class RuntimeError extends Error {
  constructor(type, message, cause) {
    super(message);
    this.name = `Runtime.${type}`;
    if (cause && cause.stack) this.stack = `${this.name}: ${cause.stack}`; // where it happened, and not here
  }
}

const isError = (value) => types.isNativeError(value) || Boolean(value && value.name && value.message && value.stack);
const lines = (stack) => (typeof stack === "string" ? stack.split("\n") : []);

function described(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: String(error.name), errorMessage: String(error.message), trace: lines(error.stack) };
}

function importError(error) {
  const found = /Cannot find (?:module|package) '([^']+)'/.exec(error.message);
  const name = found ? found[1] : "";
  const provided = MAJOR > LAST_WITH_SDK_2 ? /^@(aws-sdk|smithy)\// : /^aws-sdk(\/|$)/;
  if (!provided.test(name)) return "";
  const brought = MAJOR > LAST_WITH_SDK_2 ? "@aws-sdk" : "aws-sdk";
  return ` (Lambda's Node.js runtime brings ${brought} along; this machine does not: bundle it, or npm install)`;
}

/* ---- the log ---- */

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const IN_JSON = env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const LEAST = Math.max(0, LEVELS.indexOf(env.AWS_LAMBDA_LOG_LEVEL));
const TEXT_OF_JSON = (_, value) =>
  isError(value)
    ? { errorType: value.constructor.name, errorMessage: value.message, stackTrace: lines(value.stack), ...value }
    : value;

let requestId; // of the invocation that is under way

function log(level, first, ...more) {
  if (IN_JSON && LEVELS.indexOf(level) < LEAST) return;
  const timestamp = new Date(now()).toISOString();
  const line = IN_JSON ? json(timestamp, level, first, more) : [timestamp, requestId, level, format(first, ...more)].join("\t");
  fs.writeSync(1, `${line.replace(/\n/g, "\r")}\n`); // one event of the log for each
}

function json(timestamp, level, first, more) {
  const record = { timestamp, level, requestId };
  const error = more.find(isError);
  const told = error && { errorType: error.constructor.name, errorMessage: error.message, stackTrace: lines(error.stack) };
  try {
    return JSON.stringify({ ...record, message: more.length ? format(first, ...more) : first, ...told }, TEXT_OF_JSON);
  } catch {
    return JSON.stringify({ ...record, message: format(first, ...more) });
  }
}

const METHODS = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR" };
for (const [method, level] of Object.entries(METHODS)) console[method] = (...parts) => log(level, ...parts);

function logError(what, error) {
  const { errorType, errorMessage, trace } = described(error);
  if (IN_JSON) log("ERROR", { errorType, errorMessage, stackTrace: trace });
  else log("ERROR", `${what} `, JSON.stringify({ errorType, errorMessage, ...(isError(error) ? error : {}), stack: trace }));
}

/* ---- streamed responses ---- */

class ResponseStream extends Writable {
  constructor(id) {
    super();
    this.target = `/invocation/${id}/response`;
    this.contentType = "application/octet-stream";
    this.prelude = [];
    this.sent = null;
  }

  setContentType(type) {
    if (this.sent) throw new RuntimeError("InvalidStreamingOperation", "Cannot set content-type, too late.");
    this.contentType = type;
  }

  write(chunk, ...more) {
    const isData = typeof chunk === "string" || chunk instanceof Uint8Array;
    return super.write(isData ? chunk : JSON.stringify(chunk), ...more);
  }

  begin() {
    if (this.sent) return;
    const headers = {
      "Content-Type": this.contentType,
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Transfer-Encoding": "chunked",
      Trailer: [ERROR_TYPE, ERROR_BODY],
    };
    this.answer = new Promise((answered, failed) => {
      this.sent = open("POST", this.target, headers, answered, failed);
    });
    this.answer.catch(() => {}); // whoever waits for it is told
    for (const part of this.prelude) this.sent.write(part);
  }

  _write(chunk, _encoding, done) {
    this.begin();
    this.sent.write(chunk, done);
  }

  _final(done) {
    this.begin();
    this.sent.end();
    this.answer.then(() => done(), done);
  }

  /** End it with an error, which follows what was sent already. */
  async fail(error) {
    const told = described(error);
    const body = Buffer.from(JSON.stringify(told)).toString("base64");
    this.sent.addTrailers({ [ERROR_TYPE]: inHeader(told.errorType), [ERROR_BODY]: body });
    this.sent.end();
    await this.answer;
  }
}

globalThis.awslambda = {
  streamifyResponse(handler, _options) {
    handler[STREAMING] = "response";
    return handler;
  },
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType(HTTP_INTEGRATION);
      stream.prelude = [JSON.stringify(metadata), Buffer.alloc(8)];
      return stream;
    },
  },
};

/* ---- the handler ---- */

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
  if (MAJOR > LAST_WITH_CALLBACKS && value[STREAMING] !== "response" && value.length > 2) {
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

/* ---- invocations ---- */

let whenNothingIsLeft = null; // what to do once the event loop is empty

process.on("beforeExit", () => {
  const act = whenNothingIsLeft;
  whenNothingIsLeft = null;
  if (act) act();
});

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  const identity = headers["lambda-runtime-cognito-identity"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: identity ? JSON.parse(identity) : undefined,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - now(),
  };
}

const isPromise = (value) => Boolean(value) && typeof value.then === "function";

/** Call a handler and post what it answers, by whichever way it answers first. */
function buffered(handler, event, context) {
  const target = `/invocation/${context.awsRequestId}`;
  return new Promise((resolve, reject) => {
    let over = false;

    const succeed = (value) => {
      if (over) return;
      let body;
      try {
        body = JSON.stringify(value === undefined ? null : value);
      } catch {
        fail(new Error("Unable to stringify response body"));
        return;
      }
      over = true;
      whenNothingIsLeft = null;
      call("POST", `${target}/response`, {}, body || "null").then(resolve, reject);
    };
    const fail = (error) => {
      if (over) return;
      over = true;
      whenNothingIsLeft = null;
      logError("Invoke Error", error);
      postError(`${target}/error`, error).then(resolve, reject);
    };
    const done = (error, value) => (error === undefined || error === null ? succeed(value) : fail(error));

    let called = false;
    const callback = (error, value) => {
      if (called || over) return;
      called = true;
      if ((error !== undefined && error !== null) || !context.callbackWaitsForEmptyEventLoop) done(error, value);
      else whenNothingIsLeft = () => succeed(value);
    };
    if (MAJOR <= LAST_WITH_CALLBACKS) {
      Object.assign(context, { done, succeed, fail: (error) => fail(error ?? "handled") });
    }

    const isAsync = types.isAsyncFunction(handler);
    whenNothingIsLeft = () => (isAsync ? fail(new RuntimeError("NodeJsExit", "")) : succeed(null));
    try {
      const result = handler(event, context, callback);
      if (isPromise(result)) result.then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** Call a handler that streams its answer; it has answered once the stream has ended. */
async function streamed(handler, event, context) {
  const stream = new ResponseStream(context.awsRequestId);
  try {
    const ended = new Promise((finished, failed) => stream.on("finish", finished).on("error", failed));
    ended.catch(() => {}); // as long as the handler has not returned
    const result = handler(event, stream, context);
    if (!isPromise(result)) throw new Error("Streaming does not support non-async handlers.");
    await result;
    await ended;
  } catch (error) {
    logError("Invoke Error", error);
    if (stream.sent) await stream.fail(error);
    else await postError(`/invocation/${context.awsRequestId}/error`, error);
  }
}

async function crash(what, error, status) {
  logError(what, error);
  try {
    await postError(requestId ? `/invocation/${requestId}/error` : "/init/error", error);
  } finally {
    exit(status);
  }
}

process.on("uncaughtException", (error) => crash("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason) => {
  const error = new RuntimeError("UnhandledPromiseRejection", String(reason), reason);
  crash("Unhandled Promise Rejection", error, 128);
});

async function main() {
  const handler = await load(env.LAMBDA_TASK_ROOT, env._HANDLER);
  const answer = handler[STREAMING] === "response" ? streamed : buffered;
  for (;;) {
    const { status, headers, body } = await call("GET", "/invocation/next");
    if (status !== 200) exit(1);
    const context = contextOf(headers);
    requestId = context.awsRequestId;
    env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    await answer(handler, JSON.parse(body), context);
    requestId = undefined;
  }
}

main().catch((error) => crash("Uncaught Exception", error, 129));
