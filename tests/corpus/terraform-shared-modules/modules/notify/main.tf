variable "name" {}

variable "memory" {
  default = 192
}

module "send" {
  source = "../function"
  name   = "${var.name}-send"
  memory = var.memory
}

module "retry" {
  source = "../function"
  name   = "${var.name}-retry"
}
