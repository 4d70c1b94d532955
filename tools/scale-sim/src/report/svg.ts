/** One line of a plot. */
export type Line = Readonly<{ label: string; points: readonly (readonly [x: number, y: number])[] }>

/** One diagram: lines over the same seconds. */
export type Panel = Readonly<{ title: string; unit: string; lines: readonly Line[] }>

const [width, panelHeight, left, right, top, bottom] = [900, 230, 70, 190, 34, 30]
const colours = [
  '#1f6fb2',
  '#d1495b',
  '#2e933c',
  '#e08e0b',
  '#7b4ea3',
  '#4a5560',
  '#00a3a3',
  '#a8671c',
] as const

/** A plot as SVG 1.1, panels below each other; nothing but what a browser has is needed to look at it. */
export function plotSvg(title: string, panels: readonly Panel[]): string {
  const height = 30 + panels.length * (panelHeight + top + bottom)
  const body = panels.map((panel, i) => {
    const y = 30 + i * (panelHeight + top + bottom)
    return `<g transform="translate(0 ${y})">${drawPanel(panel)}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${left}" y="20" font-size="15">${escaped(title)}</text>`,
    ...body,
    '</svg>\n',
  ].join('\n')
}

function drawPanel({ title, unit, lines }: Panel): string {
  const points = lines.flatMap((line) => line.points)
  const maxX = Math.max(1, ...points.map(([x]) => x))
  const maxY = niceCeiling(Math.max(...points.map(([, y]) => y), 0))
  const plotWidth = width - left - right
  const at = ([x, y]: readonly [number, number]) =>
    `${round(left + (x / maxX) * plotWidth)},${round(top + panelHeight * (1 - y / maxY))}`
  const ticks = [0, 0.25, 0.5, 0.75, 1]
  return [
    `<text x="${left}" y="${top - 10}" font-weight="bold">${escaped(title)}</text>`,
    ...ticks.map((share) => {
      const y = round(top + panelHeight * (1 - share))
      return `<path d="M${left} ${y}H${left + plotWidth}" stroke="#ddd"/><text x="${left - 6}" y="${y + 4}" text-anchor="end">${round(maxY * share)}</text>`
    }),
    ...ticks.map(
      (share) =>
        `<text x="${round(left + share * plotWidth)}" y="${top + panelHeight + 18}" text-anchor="middle">${round(maxX * share)} s</text>`,
    ),
    `<text x="14" y="${top + panelHeight / 2}" transform="rotate(-90 14 ${top + panelHeight / 2})" text-anchor="middle">${escaped(unit)}</text>`,
    ...lines.map((line, i) => {
      const colour = colours[i % colours.length]
      const y = top + 12 + i * 18
      return [
        `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${line.points.map(at).join(' ')}"/>`,
        `<rect x="${width - right + 14}" y="${y - 8}" width="12" height="8" fill="${colour}"/>`,
        `<text x="${width - right + 32}" y="${y}">${escaped(line.label)}</text>`,
      ].join('')
    }),
  ].join('\n')
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceCeiling(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return (([1, 2, 2.5, 5].find((step) => step * power >= value) ?? 10) as number) * power
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
