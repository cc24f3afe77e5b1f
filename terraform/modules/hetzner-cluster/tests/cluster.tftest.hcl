# Against the provider's real schema; nothing is made. Ids are numbers at Hetzner.

mock_provider "hcloud" {
  mock_resource "hcloud_network" {
    defaults = {
      id = "1"
    }
  }

  mock_resource "hcloud_placement_group" {
    defaults = {
      id = "2"
    }
  }

  mock_resource "hcloud_firewall" {
    defaults = {
      id = "3"
    }
  }

  mock_resource "hcloud_ssh_key" {
    defaults = {
      id = "4"
    }
  }

  override_resource {
    target = hcloud_server.this[0]
    values = {
      id = "10"
    }
  }

  override_resource {
    target = hcloud_volume.valkey[0]
    values = {
      id = "20"
    }
  }

  override_resource {
    target = hcloud_server.this[1]
    values = {
      id = "11"
    }
  }

  override_resource {
    target = hcloud_volume.valkey[1]
    values = {
      id = "21"
    }
  }

  override_resource {
    target = hcloud_server.this[2]
    values = {
      id = "12"
    }
  }

  override_resource {
    target = hcloud_volume.valkey[2]
    values = {
      id = "22"
    }
  }
}

variables {
  name               = "baton-test"
  location           = "fsn1"
  gossip_key         = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
  ca_certificate     = "-----BEGIN CERTIFICATE-----\nauthority\n-----END CERTIFICATE-----\n"
  server_certificate = "-----BEGIN CERTIFICATE-----\nserver\n-----END CERTIFICATE-----\n"
  server_key         = "-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n"
  ssh_public_keys    = { alice = "ssh-ed25519 AAAA alice" }
  admin_cidrs        = ["198.51.100.0/24"]
}

run "three_servers_are_spread_and_private" {
  command = plan

  assert {
    condition     = length(hcloud_server.this) == 3 && hcloud_placement_group.this.type == "spread"
    error_message = "the servers may share a host"
  }

  assert {
    condition     = [for server in hcloud_server.this : one(server.network).ip] == ["10.88.0.11", "10.88.0.12", "10.88.0.13"]
    error_message = "a server has another private address than the others are told"
  }

  assert {
    condition     = output.sentinel_url == "valkey-sentinel://10.88.0.11:26379,10.88.0.12:26379,10.88.0.13:26379/baton"
    error_message = output.sentinel_url
  }
}

run "from_outside_only_operators_get_in_and_only_by_ssh" {
  command = plan

  assert {
    condition     = alltrue([for rule in hcloud_firewall.this.rule : rule.source_ips == toset(["198.51.100.0/24"])])
    error_message = "somebody else gets in"
  }

  assert {
    condition     = [for rule in hcloud_firewall.this.rule : rule.port if rule.protocol == "tcp"] == ["22"]
    error_message = "another port is open"
  }
}

run "what_is_lost_if_deleted_is_protected" {
  command = plan

  assert {
    condition     = alltrue([for volume in hcloud_volume.valkey : volume.delete_protection]) && length(hcloud_volume.valkey) == 3
    error_message = "a volume may be deleted"
  }

  assert {
    condition     = alltrue([for server in hcloud_server.this : server.delete_protection && server.rebuild_protection])
    error_message = "a server may be deleted"
  }
}

run "all_of_it_is_made_and_the_volumes_are_each_servers_own" {
  variables {
    protect = false
  }

  assert {
    condition     = [for attachment in hcloud_volume_attachment.valkey : attachment.server_id] == [for server in hcloud_server.this : tonumber(server.id)]
    error_message = "a volume is attached to another server"
  }

  assert {
    condition = [for server in hcloud_server.this : yamldecode(server.user_data).mounts[0][0]] == [
      for attachment in hcloud_volume_attachment.valkey : "/dev/disk/by-id/scsi-0HC_Volume_${attachment.volume_id}"
    ]
    error_message = "a server mounts another volume than the one that is attached to it"
  }
}

run "there_may_be_no_volumes" {
  command = plan

  variables {
    volume_gb = 0
  }

  assert {
    condition     = length(hcloud_volume.valkey) == 0 && length(hcloud_volume_attachment.valkey) == 0
    error_message = "a volume is made"
  }
}

run "the_whole_internet_is_refused" {
  command = plan

  variables {
    admin_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.admin_cidrs]
}

run "no_key_is_refused" {
  command = plan

  variables {
    ssh_public_keys = {}
  }

  expect_failures = [var.ssh_public_keys]
}
