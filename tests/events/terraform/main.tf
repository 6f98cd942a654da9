variable "threshold" {
  default = 100
}

resource "aws_apigatewayv2_api" "http" {
  name          = "shop"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_route" "show" {
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "PATCH /users/{user}"
  target    = "integrations/${aws_apigatewayv2_integration.show.id}"
}

resource "aws_apigatewayv2_integration" "show" {
  api_id                 = aws_apigatewayv2_api.http.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.show.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_lambda_permission" "show" {
  function_name = aws_lambda_function.show.function_name
  principal     = "apigateway.amazonaws.com"
  action        = "lambda:InvokeFunction"
}

resource "aws_api_gateway_resource" "items" {
  path_part = "items"
}

resource "aws_api_gateway_resource" "item" {
  parent_id = aws_api_gateway_resource.items.id
  path_part = "{id}"
}

resource "aws_api_gateway_method" "item" {
  resource_id = aws_api_gateway_resource.item.id
  http_method = "GET"
}

resource "aws_api_gateway_integration" "item" {
  resource_id = aws_api_gateway_resource.item.id
  http_method = aws_api_gateway_method.item.http_method
  type        = "AWS_PROXY"
  uri         = aws_lambda_function.item.invoke_arn
}

resource "aws_sqs_queue" "ordered" {
  name       = "ordered.fifo"
  fifo_queue = true
}

resource "aws_lambda_event_source_mapping" "ordered" {
  event_source_arn = aws_sqs_queue.ordered.arn
  function_name    = aws_lambda_function.ordered.arn
  batch_size       = 2
}

resource "aws_cloudwatch_event_rule" "placed" {
  event_pattern = jsonencode({
    source = ["shop.orders"]
    detail = { total = [{ numeric = [">", var.threshold] }], currency = ["EUR"] }
  })
}

resource "aws_cloudwatch_event_target" "placed" {
  rule = aws_cloudwatch_event_rule.placed.name
  arn  = aws_lambda_function.placed.arn
}

resource "aws_cloudwatch_event_rule" "weekly" {
  schedule_expression = "rate(7 days)"
}

resource "aws_cloudwatch_event_target" "weekly" {
  rule  = aws_cloudwatch_event_rule.weekly.name
  arn   = aws_lambda_function.weekly.arn
  input = jsonencode({ report = "sales", days = 7 })
}

resource "aws_scheduler_schedule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hour)"
  target {
    arn      = aws_lambda_function.hourly.arn
    role_arn = "arn:aws:iam::123456789012:role/r"
  }
}

resource "aws_s3_bucket" "photos" {
  bucket = "photos"
}

resource "aws_s3_bucket_notification" "photos" {
  bucket = aws_s3_bucket.photos.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.forget.arn
    events              = ["s3:ObjectRemoved:*"]
    filter_suffix       = ".png"
  }
}

resource "aws_lambda_function_url" "direct" {
  function_name      = aws_lambda_function.direct.function_name
  authorization_type = "NONE"
}

resource "aws_kinesis_stream" "clicks" {
  name = "clicks"
}

resource "aws_lambda_event_source_mapping" "clicks" {
  event_source_arn = aws_kinesis_stream.clicks.arn
  function_name    = aws_lambda_function.clicks.arn
  batch_size       = 100
}

resource "aws_cognito_user_pool" "people" {
  name = "people"
  lambda_config {
    pre_sign_up = aws_lambda_function.welcome.arn
  }
}

resource "aws_sns_topic" "alarms" {
  name = "alarms"
}

resource "aws_sns_topic_subscription" "pager" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.pager.arn
}

resource "aws_cloudwatch_log_subscription_filter" "lines" {
  log_group_name  = "/shop/web"
  filter_pattern  = ""
  destination_arn = aws_lambda_function.lines.arn
}

resource "aws_api_gateway_authorizer" "guard" {
  name           = "guard"
  authorizer_uri = aws_lambda_function.guard.invoke_arn
}

resource "aws_lb_target_group_attachment" "balanced" {
  target_group_arn = "arn:aws:elasticloadbalancing:a"
  target_id        = aws_lambda_function.balanced.arn
}

resource "aws_lambda_function" "show" {
  filename      = "src"
  function_name = "show"
  handler       = "handlers.http_api"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "item" {
  filename      = "src"
  function_name = "item"
  handler       = "handlers.rest"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "ordered" {
  filename      = "src"
  function_name = "ordered"
  handler       = "handlers.fifo"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "placed" {
  filename      = "src"
  function_name = "placed"
  handler       = "handlers.order"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "weekly" {
  filename      = "src"
  function_name = "weekly"
  handler       = "handlers.constant"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "hourly" {
  filename      = "src"
  function_name = "hourly"
  handler       = "handlers.scheduler"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "forget" {
  filename      = "src"
  function_name = "forget"
  handler       = "handlers.s3_removed"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "direct" {
  filename      = "src"
  function_name = "direct"
  handler       = "handlers.url"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "clicks" {
  filename      = "src"
  function_name = "clicks"
  handler       = "handlers.kinesis"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "welcome" {
  filename      = "src"
  function_name = "welcome"
  handler       = "handlers.sign_up"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "pager" {
  filename      = "src"
  function_name = "pager"
  handler       = "handlers.sns"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "lines" {
  filename      = "src"
  function_name = "lines"
  handler       = "handlers.log_lines"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "guard" {
  filename      = "src"
  function_name = "guard"
  handler       = "handlers.token"
  runtime       = "python3.13"
  role          = "r"
}

resource "aws_lambda_function" "balanced" {
  filename      = "src"
  function_name = "balanced"
  handler       = "handlers.balanced"
  runtime       = "python3.13"
  role          = "r"
}
