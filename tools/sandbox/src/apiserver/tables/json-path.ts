import { at, isObject, type Json } from '../json.ts'

type Step = (values: readonly (Json | undefined)[]) => (Json | undefined)[]

/**
 * The JSONPath of additionalPrinterColumns: members (`.a`, `['a']`), elements (`[0]`, `[-1]`, `[*]`) and filters
 * (`[?(@.type=="Ready")]`, also `!=`). Undefined when the text is no such path.
 */
export function parseJsonPath(text: string): ((value: Json) => (Json | undefined)[]) | undefined {
  const pattern =
    /\.?((?:[^.[\]\\]|\\.)+)|\[(-?\d+)\]|\[(\*)\]|\['([^']*)'\]|\[\?\(@\.([^=!<>\s]+)\s*(==|!=)\s*["']([^"']*)["']\)\]/y
  const steps: Step[] = []
  pattern.lastIndex = text.startsWith('$') ? 1 : 0
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text)
    if (match === null) return undefined
    const [, member, index, star, quoted, filterPath, operator, wanted] = match
    if (filterPath !== undefined) {
      const path = filterPath.split('.')
      steps.push(
        elements((element) => (String(at(element, ...path) ?? '') === wanted) === (operator === '==')),
      )
    } else if (star !== undefined || member === '*') steps.push(elements(() => true))
    else if (index !== undefined) steps.push((values) => values.map((value) => element(value, Number(index))))
    else {
      const key = quoted ?? (member ?? '').replace(/\\(.)/g, '$1')
      steps.push((values) => values.map((value) => at(value, key)))
    }
  }
  return (value) =>
    steps
      .reduce<(Json | undefined)[]>((values, step) => step(values), [value])
      .filter((found) => found !== undefined)
}

function elements(keep: (element: Json) => boolean): Step {
  return (values) =>
    values.flatMap((value) =>
      Array.isArray(value) ? value.filter(keep) : isObject(value) ? Object.values(value) : [],
    )
}

function element(value: Json | undefined, index: number): Json | undefined {
  return Array.isArray(value) ? value.at(index) : undefined
}
