/** What a chart draws on its canvas beside the lines. */

import type uPlot from "uplot";
import type { Happened } from "./marks";
import type { ChartPoint, ChartShade } from "./points";

const TOKENS = [
    "bar",
    "barhot",
    "band",
    "control",
    "accent",
    "mark",
    "hot",
    "hair",
    "border",
    "text3",
    "line1",
    "line2",
    "line3",
    "line4",
] as const;

/** Colors and font as the theme has them; a canvas knows no custom properties. */
export interface Look {
    colors: Record<(typeof TOKENS)[number], string>;
    font: string;
}

/** Reads the look of an element. */
export function lookOf(element: HTMLElement): Look {
    const colors = {} as Look["colors"];
    const probe = element.appendChild(document.createElement("i"));
    // one color for columns and what they stand on says nothing
    probe.style.forcedColorAdjust = "none";
    for (const token of TOKENS) {
        probe.style.color = `var(--${token})`;
        colors[token] = getComputedStyle(probe).color;
    }
    probe.remove();
    const { fontFamily } = getComputedStyle(element);
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return { colors, font: `${0.6875 * root}px ${fontFamily}` };
}

/** Hears that colors are other ones, on the screen or on paper, until the returned function is called. */
export function onLook(hear: () => void): () => void {
    const causes = ["(prefers-color-scheme: dark)", "print"].map((query) => matchMedia(query));
    for (const cause of causes) cause.addEventListener("change", hear);
    return () => {
        for (const cause of causes) cause.removeEventListener("change", hear);
    };
}

/** Where points are on the canvas. */
function placesOf(u: uPlot) {
    return {
        pixel: devicePixelRatio,
        x: (at: number) => u.valToPos(at, "x", true),
        y: (value: number) => u.valToPos(value, "y", true),
    };
}

/** Draws what lies below the lines: shaded time and what is expected. */
export function drawGround(
    u: uPlot,
    { colors }: Look,
    points: ChartPoint[],
    shades: ChartShade[],
    indexOf: (date: string) => number,
) {
    const { ctx, bbox } = u;
    const { x, y } = placesOf(u);
    ctx.save();
    ctx.fillStyle = colors.band;
    ctx.globalAlpha = 0.45;
    for (const { from, to } of shades) {
        const start = Math.max(0, indexOf(from));
        const end = to === null ? points.length : indexOf(to);
        if (end > start) ctx.fillRect(x(start - 0.5), bbox.top, x(end - 0.5) - x(start - 0.5), bbox.height);
    }
    ctx.globalAlpha = 1;
    points.forEach(({ expected }, at) => {
        if (!expected) return;
        const left = Math.round(x(at - 0.5));
        const top = y(expected.high);
        ctx.fillRect(left, top, Math.round(x(at + 0.5)) - left, y(expected.low) - top);
    });
    ctx.restore();
}

/** Draws the upper edge of what is expected. */
export function drawEdge(u: uPlot, { colors }: Look, points: ChartPoint[]) {
    const { ctx } = u;
    const { pixel, x, y } = placesOf(u);
    ctx.save();
    ctx.setLineDash([]);
    ctx.strokeStyle = colors.control;
    ctx.lineWidth = pixel;
    ctx.beginPath();
    points.forEach(({ expected }, at) => {
        if (!expected) return;
        const top = Math.round(y(expected.high)) + pixel / 2;
        if (points[at - 1]?.expected) ctx.lineTo(Math.round(x(at - 0.5)), top);
        else ctx.moveTo(Math.round(x(at - 0.5)), top);
        ctx.lineTo(Math.round(x(at + 0.5)), top);
    });
    ctx.stroke();
    ctx.restore();
}

/** Draws columns; that of a day that is not over is hatched. */
export function drawColumns(u: uPlot, { colors }: Look, points: ChartPoint[], isUnfinished: (at: number) => boolean) {
    const { ctx } = u;
    const { pixel, x, y } = placesOf(u);
    const foot = y(0);
    const width = Math.max(pixel, (x(1) - x(0)) * 0.82);
    ctx.save();
    ctx.setLineDash([]);
    points.forEach(({ value, expected }, at) => {
        if (!value) return;
        const top = y(value);
        const left = x(at) - width / 2;
        ctx.beginPath();
        const radius = Math.min(1.5 * pixel, width / 3);
        ctx.roundRect(left, top, width, foot - top, [radius, radius, 0, 0]);
        ctx.fillStyle = ctx.strokeStyle = expected && value > expected.high ? colors.barhot : colors.bar;
        if (!isUnfinished(at)) return ctx.fill();
        ctx.lineWidth = pixel;
        ctx.stroke();
        ctx.save();
        ctx.clip();
        ctx.beginPath();
        for (let shift = top - foot; shift < width; shift += 4 * pixel) {
            ctx.moveTo(left + shift, foot);
            ctx.lineTo(left + shift + foot - top, top);
        }
        ctx.stroke();
        ctx.restore();
    });
    ctx.restore();
}

/** Draws how many of the last point would bring an insight back, with the number. */
export function drawTarget(u: uPlot, { colors, font }: Look, points: ChartPoint[], target: number, text: string) {
    const { ctx } = u;
    const { pixel, x, y } = placesOf(u);
    const at = points.length - 1;
    const level = y(target);
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colors.hot;
    ctx.lineWidth = 1.5 * pixel;
    ctx.setLineDash([3 * pixel, 2 * pixel]);
    ctx.beginPath();
    ctx.moveTo(x(at - 0.5) - 3 * pixel, level);
    ctx.lineTo(x(at + 0.5), level);
    ctx.stroke();
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.font = font.replace(/^[\d.]+/, (size) => String(Number(size) * pixel));
    ctx.fillText(text, x(at - 0.5) - 6 * pixel, level);
    ctx.restore();
}

/** Draws the lines of events, `shift` points before the middle of theirs. */
export function drawEvents(u: uPlot, { colors }: Look, groups: Happened[], shift: number) {
    const { ctx, bbox } = u;
    const { pixel, x } = placesOf(u);
    ctx.save();
    ctx.setLineDash([2 * pixel, 2 * pixel]);
    ctx.strokeStyle = colors.mark;
    ctx.lineWidth = pixel;
    ctx.beginPath();
    for (const { at } of groups) {
        const left = Math.round(x(at - shift)) + pixel / 2;
        ctx.moveTo(left, bbox.top);
        ctx.lineTo(left, bbox.top + bbox.height);
    }
    ctx.stroke();
    ctx.restore();
}

/** Draws the end of a line. */
export function drawEnd(u: uPlot, { colors }: Look, points: ChartPoint[]) {
    const last = points.findLastIndex(({ value }) => value !== null);
    if (last < 0) return;
    const { ctx } = u;
    const { pixel, x, y } = placesOf(u);
    ctx.save();
    ctx.setLineDash([]);
    ctx.fillStyle = colors.accent;
    ctx.beginPath();
    ctx.arc(x(last), y(points[last]?.value ?? 0), 3.5 * pixel, 0, 2 * Math.PI);
    ctx.fill();
    ctx.restore();
}
