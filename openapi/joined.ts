import { writeFile } from 'node:fs/promises'
import { joinedFile, joinedText } from '../src/management/documents.ts'

// Writes `joined.json`, the documents that the management listener serves as one.
await writeFile(joinedFile, joinedText())
