locals {
  sizes = setproduct([512, 1024], [5, 10])
  shelves = {
    for size in local.sizes : "${size[0]}-${size[1]}" => { memory = size[0] }
  }
}

resource "aws_lambda_function" "shelf" {
  for_each = local.shelves

  function_name = "shelf-${each.key}"
  runtime       = "python3.13"
  handler       = "app.handler"
  filename      = "dist/shelf.zip"
  memory_size   = each.value.memory
  layers        = [local.tools]
}

resource "aws_lambda_function" "bills" {
  function_name = "bills"
  runtime       = "python3.13"
  handler       = "app.handler"
  filename      = "dist/bills.zip"
  memory_size   = var.memory
  layers        = [var.layers["tools"], var.layers["fonts"]]
}

resource "aws_lambda_function" "mails" {
  function_name = "mails"
  runtime       = "python3.13"
  handler       = "app.handler"
  filename      = "dist/mails.zip"
  memory_size   = var.memory
}
