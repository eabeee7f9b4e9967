#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

// `npx @harbor/bullmq worker …` is `harbor worker …`. The command belongs to @harbor/core, which makes the calls, and finds this package by the
// program that was started.
const manifest = manifestFrom(join(process.cwd(), '/')) ?? manifestFrom(import.meta.url)
const bin = manifest === undefined ? undefined : commandOf(manifest)
if (bin === undefined) {
  process.stderr.write(
    'harbor-bullmq: the worker needs @harbor/core, which is not installed here: npm install @harbor/core openai\n',
  )
  process.exitCode = 2
} else {
  await import(pathToFileURL(bin).href)
}

/** Returns the path of the manifest of core, as seen from a folder or a file; undefined if core is not installed. */
function manifestFrom(place: string): string | undefined {
  try {
    return createRequire(place).resolve('@harbor/core/package.json')
  } catch {
    return undefined
  }
}

function commandOf(path: string): string | undefined {
  const { bin: commands } = JSON.parse(readFileSync(path, 'utf8')) as { bin?: { harbor?: string } }
  return commands?.harbor === undefined ? undefined : join(dirname(path), commands.harbor)
}
