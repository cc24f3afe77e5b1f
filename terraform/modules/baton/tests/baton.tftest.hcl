# What would be made, by a provider that is asked only which arguments there are; Nomad is not asked.

mock_provider "nomad" {}

variables {
  images        = { gateway = "registry.example.org/baton-gateway:1.2.3", valkey = "valkey/valkey:8.1" }
  app           = { name = "mybot", intents = ["guilds"] }
  store_url     = "valkey-sentinel://192.0.2.11:26379,192.0.2.12:26379,192.0.2.13:26379/baton"
  first_primary = "192.0.2.11"
  discord_token = "not-a-token-not-a-token-not-a-token"
  valkey_nodes  = ["a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002", "a0000000-0000-4000-8000-000000000003"]
  valkey_passwords = {
    gateway  = "gatewaygatewaygatewaygateway"
    consumer = "consumerconsumerconsumerconsumer"
    operator = "operatoroperatoroperatoroperator"
    replica  = "replicareplicareplicareplica"
    sentinel = "sentinelsentinelsentinelsentinel"
  }
}

run "each_job_is_told_its_values_and_waited_for" {
  command = plan

  assert {
    condition     = nomad_job.gateway.hcl2[0].vars.image == "registry.example.org/baton-gateway:1.2.3" && nomad_job.gateway.detach == false
    error_message = "the gateway's job is another"
  }

  assert {
    condition     = nomad_job.gateway.timeouts.update == "19m"
    error_message = "three instances take longer than Terraform waits"
  }

  assert {
    condition     = length(nomad_job.valkey) == 1 && length(nomad_job.archiver) == 0
    error_message = "another set of jobs"
  }
}

run "no_secret_is_in_the_plan" {
  command = plan

  assert {
    condition     = nomad_variable.gateway.items_wo == null && nomad_variable.gateway.items == null
    error_message = "the token is in the plan"
  }

  assert {
    condition     = nomad_variable.gateway.path == "nomad/jobs/baton-gateway" && nomad_variable.gateway.items_wo_version == 1
    error_message = "the job would not find its token"
  }
}

run "a_secret_that_changes_is_written_and_replaces_the_instances" {
  command = plan

  variables {
    secrets_version = 2
  }

  assert {
    condition     = nomad_variable.gateway.items_wo_version == 2 && nomad_job.gateway.hcl2[0].vars.secrets_version == "2"
    error_message = "a changed secret would not be written, or not be read"
  }

  # Its servers know only the new password: they come last, when everybody else has it.
  assert {
    condition     = nomad_variable.valkey[0].items_wo_version == 1 && nomad_job.valkey[0].hcl2[0].vars.secrets_version == "1"
    error_message = "Valkey is replaced before those who log in there"
  }
}

run "each_node_gets_one_volume_of_the_name_that_the_job_wants" {
  command = plan

  assert {
    condition     = tolist([for volume in nomad_dynamic_host_volume.valkey : volume.node_id]) == tolist(var.valkey_nodes) && alltrue([for volume in nomad_dynamic_host_volume.valkey : volume.name == nomad_job.valkey[0].hcl2[0].vars.volume])
    error_message = "a group would find no volume"
  }
}

run "an_archive_has_a_job_and_its_own_secrets" {
  command = plan

  variables {
    archive      = { bucket = "events" }
    archive_keys = { id = "AKEXAMPLE", secret = "example" }
    images       = { gateway = "g:1", valkey = "v:1", archiver = "a:1" }
  }

  assert {
    condition     = nomad_job.archiver[0].hcl2[0].vars.bucket == "events" && nomad_variable.archiver[0].path == "nomad/jobs/baton-archiver"
    error_message = "the archiver is told something else"
  }
}

run "a_missing_token_is_refused" {
  command = plan

  variables {
    discord_token = ""
  }

  expect_failures = [var.discord_token]
}

run "a_missing_password_is_refused" {
  command = plan

  variables {
    valkey_passwords = { gateway = "gatewaygatewaygatewaygateway" }
  }

  expect_failures = [var.valkey_passwords]
}

run "an_archive_without_a_key_is_refused" {
  command = plan

  variables {
    archive = { bucket = "events" }
    images  = { gateway = "g:1", valkey = "v:1", archiver = "a:1" }
  }

  expect_failures = [var.archive_keys]
}

run "two_nodes_are_refused" {
  command = plan

  variables {
    valkey_nodes = ["a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002"]
  }

  expect_failures = [var.valkey_nodes]
}
