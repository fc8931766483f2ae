// A chart of groups of bars as SVG, from figures that a benchmark has printed. The longest bar of each group is as wide as
// that of any other, since what is compared is within a group.

/** One group: a title, and a value for each name. */
export interface Bars {
  title: string
  values: readonly number[]
}

const COLOURS = ["#9aa5b1", "#0b6e4f", "#1f4e79", "#c05621", "#6b46c1", "#b83280", "#2b6cb0", "#718096"]
const ROW = 14
const WIDTH = 720
const LEFT = 90

const escapeText = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

/** The chart; `names` tell what the bars of each group stand for. */
export function barChart(title: string, names: readonly string[], groups: readonly Bars[]): string {
  const height = 40 + groups.length * (names.length * ROW + 34)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="10" y="22" font-size="15" font-weight="bold">${escapeText(title)}</text>`,
  ]
  let y = 40
  for (const { title: name, values } of groups) {
    const longest = Math.max(...values)
    parts.push(`<text x="10" y="${y + 12}" font-weight="bold">${escapeText(name)}</text>`)
    y += 18
    for (const [index, value] of values.entries()) {
      const width = (value / longest) * (WIDTH - LEFT - 60)
      const colour = COLOURS[index % COLOURS.length]
      parts.push(
        `<text x="${LEFT - 6}" y="${y + 10}" text-anchor="end">${escapeText(names[index] as string)}</text>`,
        `<rect x="${LEFT}" y="${y + 1}" width="${width.toFixed(1)}" height="${ROW - 3}" fill="${colour}"/>`,
        `<text x="${(LEFT + width + 4).toFixed(1)}" y="${y + 10}">${value.toFixed(1)}</text>`,
      )
      y += ROW
    }
    y += 16
  }
  return `${parts.join("\n")}\n</svg>\n`
}
