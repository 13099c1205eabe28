import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ProblemError } from '../errors.ts'

/** A lock on a folder, held by this process. */
export interface DirectoryLock {
  release(): Promise<void>
}

/**
 * Locks `directory` with a file beside it that names this process. PGlite takes no lock of its own, and two processes in
 * one folder corrupt it silently; so a live holder is always refused, and only a dead one's lock is taken over.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const file = `${directory}.lock`
  await mkdir(dirname(directory), { recursive: true })
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await tryCreate(file)) return { release: () => rm(file, { force: true }) }
    const holder = (await readFile(file, 'utf8').catch(() => '')).trim()
    // An empty file is one whose holder is between creating and writing it, or died there: give it one more look.
    if (holder === '' && attempt === 0) continue
    if (await isAlive(holder)) {
      throw new ProblemError('conflict', `The data folder ${directory} is in use by process ${holder.split(' ')[0]}. Stop that process, or choose another folder.`)
    }
    await rm(file, { force: true })
  }
  throw new ProblemError('conflict', `The lock file ${file} cannot be taken. If no connector runs on this folder, delete the file and start again.`)
}

async function tryCreate(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600)
    await handle.writeFile(`${process.pid} ${await startTime(process.pid)}\n`)
    await handle.close()
    return true
  } catch (error) {
    if (Error.isError(error) && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

// A process id is used again after a reboot, and in containers at every start; the start time tells the processes apart.
async function isAlive(holder: string): Promise<boolean> {
  const [first = '', started = ''] = holder.split(' ')
  const pid = Number.parseInt(first, 10)
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(Error.isError(error) && 'code' in error && error.code === 'EPERM')) return false
  }
  return started === (await startTime(pid))
}

// Field 22 of /proc/PID/stat, counted after the command name, which may hold blanks; elsewhere than on Linux, empty.
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
