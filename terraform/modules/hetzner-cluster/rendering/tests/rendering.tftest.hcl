# What the servers are told, and what is refused before anything is made.

variables {
  name               = "baton-test"
  location           = "fsn1"
  gossip_key         = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
  ca_certificate     = "-----BEGIN CERTIFICATE-----\nauthority\n-----END CERTIFICATE-----\n"
  server_certificate = "-----BEGIN CERTIFICATE-----\nserver\n-----END CERTIFICATE-----\n"
  server_key         = "-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n"
}

run "three_servers_have_names_and_fixed_addresses" {
  command = plan

  assert {
    condition     = [for server in output.servers : server.name] == ["baton-test-1", "baton-test-2", "baton-test-3"]
    error_message = "names: ${jsonencode(output.servers)}"
  }

  assert {
    condition     = [for server in output.servers : server.address] == ["10.88.0.11", "10.88.0.12", "10.88.0.13"]
    error_message = "addresses: ${jsonencode(output.servers)}"
  }

  assert {
    condition     = output.network_zone == "eu-central"
    error_message = "zone: ${output.network_zone}"
  }
}

run "every_server_knows_all_of_them_and_grants_a_drain_its_time" {
  command = plan

  assert {
    condition     = alltrue([for config in output.nomad_configs : strcontains(config, "[\"10.88.0.11\",\"10.88.0.12\",\"10.88.0.13\"]")])
    error_message = "a server does not know the others"
  }

  assert {
    condition     = alltrue([for config in output.nomad_configs : strcontains(config, "max_kill_timeout = \"300s\"")])
    error_message = "a client would shorten the kill timeout"
  }

  assert {
    condition     = strcontains(output.nomad_configs[1], "bind_addr  = \"10.88.0.12\"")
    error_message = "the second server listens elsewhere"
  }

  assert {
    condition     = alltrue([for config in output.nomad_configs : strcontains(config, "verify_https_client    = true")])
    error_message = "a server talks to whoever comes"
  }
}

run "what_a_server_is_told_is_yaml_with_every_file_in_it" {
  command = plan

  assert {
    condition = alltrue([
      for number, text in output.cloud_inits : base64decode([
        for file in yamldecode(text).write_files : file.content if file.path == "/etc/nomad.d/nomad.hcl"
      ][0]) == output.nomad_configs[number]
    ])
    error_message = "Nomad's configuration does not arrive as it was written"
  }

  assert {
    condition = alltrue([
      for text in output.cloud_inits : alltrue([
        for file in yamldecode(text).write_files : file.permissions == "0600" if startswith(file.path, "/etc/nomad.d/")
      ])
    ])
    error_message = "others may read what is secret"
  }

  assert {
    condition     = alltrue([for text in output.cloud_inits : strcontains(text, "TimeoutStopSec=660")])
    error_message = "systemd would end Nomad in the middle of its drain"
  }

  assert {
    condition     = alltrue([for text in output.cloud_inits : !can(yamldecode(text).mounts)])
    error_message = "a volume is mounted that is not there"
  }
}

run "each_server_mounts_its_own_volume" {
  command = plan

  variables {
    volume_ids = ["101", "102", "103"]
  }

  assert {
    condition     = [for text in output.cloud_inits : yamldecode(text).mounts[0][0]] == [for id in [101, 102, 103] : "/dev/disk/by-id/scsi-0HC_Volume_${id}"]
    error_message = "a server has another's volume"
  }
}

run "an_unknown_location_is_refused" {
  command = plan

  variables {
    location = "mars1"
  }

  expect_failures = [var.location]
}

run "no_servers_are_refused" {
  command = plan

  variables {
    servers = 0
  }

  expect_failures = [var.servers]
}

run "an_even_number_of_servers_is_refused" {
  command = plan

  variables {
    servers = 4
  }

  expect_failures = [var.servers]
}

run "a_kill_timeout_below_what_a_drain_needs_is_refused" {
  command = plan

  variables {
    max_kill_timeout_seconds = 30
  }

  expect_failures = [var.max_kill_timeout_seconds]
}

run "a_gossip_key_of_another_length_is_refused" {
  command = plan

  variables {
    gossip_key = "c2hvcnQ="
  }

  expect_failures = [var.gossip_key]
}

run "a_public_network_is_refused" {
  command = plan

  variables {
    network_cidr = "203.0.113.0/24"
  }

  expect_failures = [var.network_cidr]
}

run "too_few_volumes_are_refused" {
  command = plan

  variables {
    volume_ids = ["101"]
  }

  expect_failures = [var.volume_ids]
}
