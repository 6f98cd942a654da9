variable "memory" {
  default = null
}

variable "architectures" {
  default = null
}

variable "own_memory" {
  default = null
}

variable "sizes" {
  default = { load = 320 }
}

resource "aws_lambda_function" "read" {
  function_name = "read"
  role          = "r"
  filename      = "dist.zip"
  handler       = "read.handler"
  runtime       = "python3.13"
  memory_size   = var.memory
  architectures = var.architectures
}

resource "aws_lambda_function" "write" {
  function_name = "write"
  role          = "r"
  filename      = "dist.zip"
  handler       = "write.handler"
  runtime       = "python3.13"
  memory_size   = coalesce(var.memory, 512)
  architectures = var.architectures == null ? ["arm64"] : var.architectures
}

resource "aws_lambda_function" "own" {
  function_name = "own"
  role          = "r"
  filename      = "dist.zip"
  handler       = "own.handler"
  runtime       = "python3.13"
  memory_size   = var.own_memory
  architectures = ["x86_64"]
}

resource "aws_lambda_function" "load" {
  function_name = "load"
  role          = "r"
  filename      = "dist.zip"
  handler       = "load.handler"
  runtime       = "python3.13"
  memory_size   = var.sizes.load
  architectures = ["x86_64"]
}
