import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// Loaded before a connector: its record is opened as ever, and nothing is written into it.
const replacement = pathToFileURL(join(import.meta.dirname, 'silent-audit.ts')).href

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context)
    const isRecord = resolved.url.endsWith('/src/audit/audit.ts') && context.parentURL?.endsWith('/src/connector.ts') === true
    return isRecord ? { ...resolved, url: replacement } : resolved
  },
})
