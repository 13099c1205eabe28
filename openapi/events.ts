import { writeFile } from 'node:fs/promises'
import { eventsDocument } from '../src/audit/events/document.ts'

// Writes `events.md`, the catalogue of what is recorded, from the tables in the code.
await writeFile(new URL('events.md', import.meta.url), eventsDocument())
