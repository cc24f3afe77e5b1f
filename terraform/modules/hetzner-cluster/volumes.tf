# Valkey's data outlive the server.
resource "hcloud_volume" "valkey" {
  count = var.volume_gb == 0 ? 0 : var.servers

  name              = "${var.name}-valkey-${count.index + 1}"
  size              = var.volume_gb
  location          = var.location
  format            = "ext4"
  labels            = local.labels
  delete_protection = var.protect
}

resource "hcloud_volume_attachment" "valkey" {
  count = length(hcloud_volume.valkey)

  volume_id = hcloud_volume.valkey[count.index].id
  server_id = hcloud_server.this[count.index].id
  # The server mounts it by itself, where Nomad looks for it.
  automount = false
}
