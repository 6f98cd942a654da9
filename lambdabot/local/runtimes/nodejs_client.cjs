"use strict";

/*
 * The main program of a Node.js worker: a client of Lambda's Runtime API. It runs by itself, on Node.js alone.
 *
 * How handlers are called, and what fails in which words, is as "Building Lambda functions with Node.js" of the AWS
 * Lambda Developer Guide and AWS's own runtime interface client have it.
 */

const http = require("node:http");
const { Writable } = require("node:stream");
const { types } = require("node:util");
const { HAS_CALLBACKS, isStreaming, load, markStreaming } = require("./nodejs_handler.cjs");
const { RuntimeError, asText, described, logError, setRequest } = require("./nodejs_log.cjs");

// Taken before the function's code can replace them: what it does to them is its own affair.
const { request } = http;
const { now } = Date;
const { exit, env } = process;

const [HOST, PORT] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const ROOT = "/2018-06-01/runtime";
const AGENT = new http.Agent({ keepAlive: true });
const HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response";
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";

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
  streamifyResponse: markStreaming,
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType(HTTP_INTEGRATION);
      stream.prelude = [JSON.stringify(metadata), Buffer.alloc(8)];
      return stream;
    },
  },
};

/* ---- invocations ---- */

let underWay; // the id of the invocation that is

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
    if (HAS_CALLBACKS) {
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
    await postError(underWay ? `/invocation/${underWay}/error` : "/init/error", error);
  } finally {
    exit(status);
  }
}

process.on("uncaughtException", (error) => crash("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason) => {
  const error = new RuntimeError("UnhandledPromiseRejection", asText(reason), reason);
  crash("Unhandled Promise Rejection", error, 128);
});

async function main() {
  const handler = await load(env.LAMBDA_TASK_ROOT, env._HANDLER);
  const answer = isStreaming(handler) ? streamed : buffered;
  for (;;) {
    const { status, headers, body } = await call("GET", "/invocation/next");
    if (status !== 200) exit(1);
    const context = contextOf(headers);
    setRequest((underWay = context.awsRequestId));
    env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    await answer(handler, JSON.parse(body), context);
    setRequest((underWay = undefined));
  }
}

main().catch((error) => crash("Uncaught Exception", error, 129));
