// Makes what of crates/server/reference is not ours: Swagger UI, packed, with the pictures of its style as files, since the
// policy of the pages takes none from within a style. Wants Node 20 and npm: node tools/reference/make.mjs

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const PACKAGE = "swagger-ui-dist@5.35.0";
const SHA512 = "U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==";
const OUT = new URL("../../crates/server/reference/", import.meta.url).pathname;
const LICENSES = new URL("LICENSES/", import.meta.url).pathname;

function pack(name, text) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
    writeFileSync(join(OUT, `${name}.br`), brotliCompressSync(text, { params }));
}

// as a file alone: an installation would run the scripts of what it depends on
const folder = mkdtempSync(join(tmpdir(), "reference-"));
const archive = execFileSync("npm", ["pack", PACKAGE, "--silent"], { cwd: folder, encoding: "utf8" }).trim();
const sha512 = createHash("sha512").update(readFileSync(join(folder, archive))).digest("base64");
if (sha512 !== SHA512) throw new Error(`${archive} is another than it was: ${sha512}`);
execFileSync("tar", ["xzf", archive], { cwd: folder });
const read = (name) => readFileSync(join(folder, "package", name), "utf8");

pack("swagger-ui.js", read("swagger-ui-bundle.js"));
const pictures = new Map();
const style = read("swagger-ui.css").replace(/url\(("?)data:image\/([^;,]+)[^,]*,(.*?)\1\)/g, (_, quote, type, data) => {
    // those of other types help to develop the style itself
    if (type !== "svg+xml") return "none";
    const text = decodeURIComponent(data.replaceAll('\\"', '"'));
    if (!pictures.has(text)) pictures.set(text, `picture-${pictures.size + 1}.svg`);
    return `url(${pictures.get(text)})`;
});
if (style.includes("data:")) throw new Error("a picture is left in the style");
pack("swagger-ui.css", style);
for (const name of ["LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"]) {
    writeFileSync(join(LICENSES, name), read(name));
}
for (const [text, name] of pictures) writeFileSync(join(OUT, name), text);
rmSync(folder, { recursive: true });
