variable "project" { default = "shop" }
variable "image" {
  type    = string
  default = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1"
}
variable "memory_size" {
  description = "MB"
  type        = number
  default     = 1024
}
variable "architectures" {
  type    = list(string)
  default = ["x86_64"]
}
variable "runtime" { default = "python3.12" }
variable "loaded_memory" {
  type = number
}
