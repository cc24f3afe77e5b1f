# A volume for one of the three Valkeys. Create it once for each of the three nodes, with the node's id
# put in: nomad volume create nomad/valkey.volume.hcl
name      = "baton-valkey"
type      = "host"
plugin_id = "mkdir"
node_id   = "00000000-0000-0000-0000-000000000000"

capability {
  access_mode     = "single-node-single-writer"
  attachment_mode = "file-system"
}
