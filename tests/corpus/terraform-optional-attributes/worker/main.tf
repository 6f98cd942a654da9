variable "settings" {
  type = object({
    name    = string
    runtime = optional(string, "python3.13")
    timeout = optional(number, 45)
    storage = optional(number)
    limits = optional(object({
      memory        = optional(number, 640)
      architectures = optional(list(string), ["arm64"])
    }), {})
    tracing = optional(object({ variables = optional(map(string), { LEVEL = "info" }) }), {})
  })
}

variable "extra" {
  type = map(object({
    memory  = optional(number, 320)
    timeout = optional(number, local.nothing)
  }))
}

variable "size" {
  type     = number
  default  = 704
  nullable = false
}

resource "aws_lambda_function" "main" {
  function_name = var.settings.name
  role          = "r"
  filename      = "worker.zip"
  handler       = "worker.handler"
  runtime       = var.settings.runtime
  timeout       = var.settings.timeout
  memory_size   = var.settings.limits.memory
  architectures = var.settings.limits.architectures

  ephemeral_storage {
    size = var.settings.storage
  }

  environment {
    variables = var.settings.tracing.variables
  }
}

resource "aws_lambda_function" "extra" {
  for_each      = var.extra
  function_name = each.key
  role          = "r"
  filename      = "worker.zip"
  handler       = "worker.extra"
  runtime       = "python3.13"
  memory_size   = each.value.memory
  timeout       = each.value.timeout
}

resource "aws_lambda_function" "sized" {
  function_name = "sized"
  role          = "r"
  filename      = "worker.zip"
  handler       = "worker.sized"
  runtime       = "python3.13"
  memory_size   = var.size
}
