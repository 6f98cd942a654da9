variable "queues" {
  default = []
}

variable "warm" {
  default = -1
}

variable "streams" {
  default = {}
}

resource "aws_lambda_function" "intake" {
  function_name = "intake"
  role          = "r"
  filename      = "intake.zip"
  handler       = "intake.handler"
  runtime       = "python3.13"

  reserved_concurrent_executions = -1
}

resource "aws_lambda_provisioned_concurrency_config" "intake" {
  count                             = var.warm > 0 ? 1 : 0
  function_name                     = aws_lambda_function.intake.function_name
  qualifier                         = aws_lambda_function.intake.version
  provisioned_concurrent_executions = var.warm
}

resource "aws_lambda_event_source_mapping" "queue" {
  count            = length(var.queues)
  function_name    = aws_lambda_function.intake.arn
  event_source_arn = element(var.queues, count.index)
  batch_size       = element(var.queues, count.index)
}

resource "aws_lambda_event_source_mapping" "stream" {
  for_each         = var.streams
  function_name    = aws_lambda_function.intake.arn
  event_source_arn = each.value
}

# What is applied stays, with -1 for "none".
resource "aws_lambda_event_source_mapping" "orders" {
  function_name                      = aws_lambda_function.intake.arn
  event_source_arn                   = "arn:aws:sqs:eu-west-1:123456789012:orders"
  batch_size                         = 5
  maximum_batching_window_in_seconds = -1

  scaling_config {
    maximum_concurrency = -1
  }
}

resource "aws_lambda_function" "cold" {
  function_name = "cold"
  role          = "r"

  environment {
    variables = {
      LEVEL = "info"
      PROXY = null
    }
  }

  filename      = "cold.zip"
  handler       = "cold.handler"
  runtime       = "python3.13"
}

resource "aws_lambda_provisioned_concurrency_config" "cold" {
  function_name                     = aws_lambda_function.cold.function_name
  qualifier                         = aws_lambda_function.cold.version
  provisioned_concurrent_executions = var.warm
}
