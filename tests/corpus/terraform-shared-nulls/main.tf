module "pipe" {
  source = "./pipe"
}
