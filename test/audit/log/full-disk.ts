import type { FileHandle } from 'node:fs/promises'
import type { JournalFile } from '../../../src/audit/log/journal.ts'

/** A journal's file on a disk that is full when `isFull` says so: a few bytes of a write still fit. */
export function onFullDisk(file: FileHandle, isFull: () => boolean): JournalFile {
  return {
    read: (buffer, offset, length, position) => file.read(buffer, offset, length, position),
    truncate: (length) => file.truncate(length),
    datasync: () => file.datasync(),
    stat: () => file.stat(),
    close: () => file.close(),
    write: async (buffer, offset, length, position) => {
      if (!isFull()) return file.write(buffer, offset, length, position)
      await file.write(buffer, offset, 10, position)
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    },
  }
}
