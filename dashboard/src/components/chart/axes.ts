/** The axes of a chart: labels of days below, of values beside it. */

import type uPlot from "uplot";
import { date } from "../../words/numbers";
import { textScale } from "../../styles/sizes";
import { labeled } from "../scale";
import type { Look } from "./draw";
import type { ChartPoint } from "./points";

/** The room that a label of a day takes. */
const LABEL = 64;

/** Returns the axes; what they show is asked for each time that they are drawn. */
export function axes({
    look,
    points,
    levels,
    format,
}: {
    look: () => Look;
    points: () => ChartPoint[];
    levels: () => number[];
    format: (value: number) => string;
}): uPlot.Axis[] {
    const scale = textScale();
    const common = {
        gap: 6,
        font: look().font as unknown as string,
        stroke: () => look().colors.text3,
        ticks: { show: false },
    };
    return [
        {
            ...common,
            size: 24 * scale,
            grid: { show: false },
            border: { show: true, stroke: () => look().colors.border, width: 1 },
            splits: (u) =>
                labeled(
                    points().map(({ date }) => date),
                    u.bbox.width / devicePixelRatio / points().length,
                    LABEL * scale,
                ),
            values: (_, splits) =>
                splits.map((at) => {
                    const point = points()[at];
                    return point ? date(point.date) : "";
                }),
        },
        {
            ...common,
            size: () => Math.max(...levels().map((level) => format(level).length)) * 7 * scale + 12,
            grid: { stroke: () => look().colors.hair, width: 1 },
            splits: levels,
            values: (_, splits) => splits.map(format),
        },
    ];
}
