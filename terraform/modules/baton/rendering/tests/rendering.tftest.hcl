# What the jobs are told, and what is refused before anything is asked of Nomad.

variables {
  images        = { gateway = "registry.example.org/baton-gateway:1.2.3", valkey = "valkey/valkey:8.1" }
  app           = { name = "mybot", intents = ["guilds"] }
  store_url     = "valkey-sentinel://192.0.2.11:26379,192.0.2.12:26379,192.0.2.13:26379/baton"
  first_primary = "192.0.2.11"
}

run "there_is_a_gateway_and_a_valkey" {
  command = plan

  assert {
    condition     = keys(output.jobs) == ["gateway", "valkey"]
    error_message = jsonencode(keys(output.jobs))
  }

  assert {
    condition     = output.jobs.valkey.vars.service == "baton"
    error_message = "the Sentinels are told another name than the instances"
  }

  assert {
    condition     = alltrue([for job in output.jobs : fileexists(job.file)])
    error_message = "a job's file is not there"
  }
}

run "an_archive_is_made_if_it_has_a_bucket" {
  command = plan

  variables {
    archive = { bucket = "events" }
    images  = { gateway = "g:1", valkey = "v:1", archiver = "a:1" }
  }

  assert {
    condition     = output.jobs.archiver.vars.bucket == "events" && output.jobs.archiver.vars.count == "2"
    error_message = jsonencode(output.jobs.archiver)
  }
}

run "no_valkey_is_made_where_there_is_one" {
  command = plan

  variables {
    store_url     = "valkeys://valkey.example.org"
    first_primary = ""
  }

  assert {
    condition     = keys(output.jobs) == ["gateway"]
    error_message = jsonencode(keys(output.jobs))
  }
}

run "no_instances_are_refused" {
  command = plan

  variables {
    gateway_count = 0
  }

  expect_failures = [var.gateway_count]
}

run "an_unknown_region_is_refused" {
  command = plan

  variables {
    region = "atlantis"
  }

  expect_failures = [var.region]
}

run "a_kill_timeout_below_what_a_drain_needs_is_refused" {
  command = plan

  variables {
    kill_timeout_seconds = 30
  }

  expect_failures = [var.kill_timeout_seconds]
}

run "an_image_that_may_be_any_is_refused" {
  command = plan

  variables {
    images = { gateway = "baton-gateway:latest", valkey = "v:1" }
  }

  expect_failures = [var.images]
}

run "a_login_in_the_stores_url_is_refused" {
  command = plan

  variables {
    store_url = "valkey://gateway:secret@192.0.2.11:6379"
  }

  expect_failures = [var.store_url]
}

run "an_archive_without_an_image_is_refused" {
  command = plan

  variables {
    archive = { bucket = "events" }
  }

  expect_failures = [output.jobs]
}
