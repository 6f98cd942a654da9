// comments of every kind /* inside */
/* resource "aws_lambda_function" "commented" {} */
resource aws_lambda_function unquoted {
	function_name="ugly"
	filename="a.zip"
	handler="app.handler"
	runtime="python3.12"
	memory_size=512/*MB*/
	role=<<-EOT
		arn:aws:iam::123456789012:role/r
	EOT
	environment { variables = { "A": "b", C = "d" } }
}
resource "aws_lambda_function" "oneline" { function_name = "o" }
