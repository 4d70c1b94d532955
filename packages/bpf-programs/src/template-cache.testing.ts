import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { DatapathConfig } from './config.ts'
import { openTemplateCache, type TemplateCache, type TemplateCacheOptions } from './template-cache.ts'

const config: DatapathConfig = { routingMode: 'native' }

/** A directory with a cache in it and a compiler that logs its calls; gone when disposed. */
export class CacheBench implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), `axo-templates-${process.pid}-`))
  readonly cacheDir = join(this.directory, 'cache')
  /** The smallest object, in its most common configuration. */
  readonly wanted = { program: 'host' as const, config, signal: AbortSignal.timeout(60_000) }
  readonly #log = join(this.directory, 'calls')

  open(options: Partial<TemplateCacheOptions> = {}): Promise<TemplateCache> {
    return openTemplateCache({ cacheDir: this.cacheDir, ...options })
  }

  /** A compiler that runs `script` before clang; `compiling` is set there when it is to compile. */
  writeClang(script = ''): string {
    const path = join(this.directory, 'clang.sh')
    const compiling = '[ "$1" = --version ] || compiling=1'
    writeFileSync(path, `#!/bin/sh\necho "$@" >> ${this.#log}\n${compiling}\n${script}\nexec clang "$@"\n`, {
      mode: 0o755,
    })
    return path
  }

  /** How often that compiler ran at all, and how often to compile. */
  calls(): { all: number; compilations: number } {
    const lines = existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trimEnd().split('\n') : []
    return { all: lines.length, compilations: lines.filter((line) => line.includes(' -c ')).length }
  }

  /** Asks for the object in a process of its own; what it got, or the message of its failure. */
  async askInProcess(
    options: Partial<TemplateCacheOptions>,
  ): Promise<{ compiled?: boolean; failed?: string }> {
    const given = JSON.stringify({ cacheDir: this.cacheDir, program: 'host', config, ...options })
    const script = `
      import { compileObject } from ${JSON.stringify(join(import.meta.dirname, 'compile.ts'))}
      const signal = AbortSignal.timeout(60000)
      const outcome = await compileObject({ ...${given}, signal }).then(
        ({ compiled }) => ({ compiled }),
        ({ message }) => ({ failed: message }),
      )
      console.log(JSON.stringify(outcome))`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return JSON.parse(await text(child.stdout))
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true })
  }
}
