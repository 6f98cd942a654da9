data "archive_file" "folder" {
  type        = "zip"
  source_dir  = "${path.module}/src"
  output_path = "${path.module}/build/src.zip"
}

data "archive_file" "file" {
  type        = "zip"
  source_file = "${path.module}/single/index.py"
  output_path = "single.zip"
}

resource "aws_lambda_function" "folder" {
  function_name    = "folder"
  filename         = data.archive_file.folder.output_path
  source_code_hash = data.archive_file.folder.output_base64sha256
  role             = aws_iam_role.r.arn
  handler          = "app.handler"
  runtime          = "python3.12"
}

resource "aws_lambda_function" "file" {
  function_name    = "file"
  filename         = "single.zip"
  source_code_hash = filebase64sha256("single.zip")
  role             = aws_iam_role.r.arn
  handler          = "index.handler"
  runtime          = "python3.12"
  memory_size      = 256
}
