locals {
  title = "press "Start""
}
