terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

resource "aws_lambda_function" "orders" {
  function_name                  = "orders"
  role                           = aws_iam_role.lambda.arn
  filename                       = "build/orders.zip"
  handler                        = "app.handler"
  runtime                        = "python3.12"
  memory_size                    = 512 # MB
  timeout                        = 30
  architectures                  = ["x86_64"]
  reserved_concurrent_executions = 10

  ephemeral_storage {
    size = 1024
  }

  environment {
    variables = {
      TABLE = aws_dynamodb_table.orders.name
      LEVEL = "info"
    }
  }
}

resource "aws_lambda_function" "bare" {
  function_name = "bare"
  role          = aws_iam_role.lambda.arn
  s3_bucket     = "artifacts"
  s3_key        = "bare.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn                   = aws_sqs_queue.orders.arn
  function_name                      = aws_lambda_function.orders.arn
  batch_size                         = 25
  maximum_batching_window_in_seconds = 3
  function_response_types            = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = 7
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "AllowApi"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.bare.function_name
  principal     = "apigateway.amazonaws.com"
}

resource "aws_lambda_provisioned_concurrency_config" "orders" {
  function_name                     = aws_lambda_function.orders.function_name
  provisioned_concurrent_executions = 3
  qualifier                         = aws_lambda_function.orders.version
}
