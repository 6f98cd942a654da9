module "fn" {
  source = "./fn"
  title  = "press "Start""
}
