module "mail" {
  source = "../../modules/mail"
  size   = 256
}
