import { join } from 'node:path'
import type { JobLimits } from './job.ts'
import { sqlText } from './sql.ts'

/** Settings of a DuckDB that may read the file at `path`, write into one folder, load nothing and change none of this. */
export function settings(job: { readonly folder: string; readonly limits: JobLimits }, path: string): string[] {
  return [
    `memory_limit = ${sqlText(job.limits.memory)}`,
    `threads = ${job.limits.threads}`,
    `temp_directory = ${sqlText(join(job.folder, 'spill'))}`,
    `max_temp_directory_size = ${sqlText(job.limits.spill)}`,
    `TimeZone = 'UTC'`,
    `allowed_paths = [${sqlText(path)}]`,
    `allowed_directories = [${sqlText(`${job.folder}/`)}]`,
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    'enable_external_access = false',
    'lock_configuration = true',
  ]
}
