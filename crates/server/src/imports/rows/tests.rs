use super::super::cells::CELL_MAX;
use super::*;

const COMMAS: Signs = Signs { delimiter: b',', has_backslashes: false };

fn read_as(text: &str, signs: Signs, width: Option<usize>) -> Vec<(u64, Result<Vec<String>, String>)> {
    let mut rows = Rows::new(text.as_bytes(), signs);
    if let Some(width) = width {
        rows.expect(width);
    }
    let mut all = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        all.push((row.line, row.cells.map(|cells| cells.iter().map(str::to_owned).collect())));
    }
    all
}

/// Reads lines and cells; what is no row has none.
fn read(text: &str, width: Option<usize>) -> Vec<(u64, Vec<String>)> {
    read_as(text, COMMAS, width).into_iter().map(|(line, cells)| (line, cells.unwrap_or_default())).collect()
}

fn cells(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

#[test]
fn rows_are_split_as_the_format_has_it() {
    let text = "a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n\n2,it\"s\n3,";
    let expected = [
        (1, cells(&["a", "b"])),
        (2, cells(&["1", "x, \"y\"\nz"])),
        (5, cells(&["2", "it\"s"])),
        (6, cells(&["3", ""])),
    ];
    assert_eq!(read(text, Some(2)), expected);
    assert_eq!(read("\"\",\"\"\"a\"\"\", \"b, c\" ,d", None), [(1, cells(&["", "\"a\"", "b, c", "d"]))]);
    assert_eq!(read("", None), []);
}

#[test]
fn lines_are_counted_whatever_ends_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,\"x", "y\"", "", "2,z"].join(end);
        let read: Vec<u64> = read(&text, Some(2)).into_iter().map(|(line, _)| line).collect();
        assert_eq!(read, [1, 2, 5], "{end:?}");
    }
    let mixed = read("a\rb\nc\r\n\r\nd", None);
    assert_eq!(mixed.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 5]);
}

#[test]
fn a_quotation_that_runs_on_costs_its_line_and_says_how_far_it_went() {
    let text = "1,\"open,x\n2,b,x\n3,\"c, d\",x\n4,e,x\n";
    let rows = read_as(text, COMMAS, Some(3));
    let reason = rows[0].1.as_ref().unwrap_err();
    assert!(reason.ends_with("it runs on to line 3"), "{reason}");
    assert_eq!(
        read(text, Some(3))[1..],
        [(2, cells(&["2", "b", "x"])), (3, cells(&["3", "c, d", "x"])), (4, cells(&["4", "e", "x"]))]
    );
    // by another quotation in its own line, by one that ends in words, and to the end of the file
    for text in
        ["1,\"open,x,\"y, z\"\n2,b,x\n", "1,\"open,x\n2,b,x\n3,so \"called\",x\n", "1,\"open,x\n2,b,x\n"]
    {
        assert_eq!(read(text, Some(3))[..2], [(1, vec![]), (2, cells(&["2", "b", "x"]))], "{text:?}");
    }
    // one that seems to be closed, by a sign of inches
    let text = "1,\"open,x\n2,b,x\n3,of 5\",x\n4,\"of\n5, or 6\",x\n";
    let read_on = [
        (1, vec![]),
        (2, cells(&["2", "b", "x"])),
        (3, cells(&["3", "of 5\"", "x"])),
        (4, cells(&["4", "of\n5, or 6", "x"])),
    ];
    assert_eq!(read(text, Some(3)), read_on);
    // where every cell is quoted
    let text = "\"1\",\"open\n\"2\",\"b\"\n\"3\",\"c\"\n";
    assert_eq!(read(text, Some(2)), [(1, vec![]), (2, cells(&["2", "b"])), (3, cells(&["3", "c"]))]);
    let (line, count) = (format!("2,{}\n", "b".repeat(1_000)), 2 * ROW_MAX / 1_000);
    let rows = read(&format!("1,\"open\n{}3,c\n", line.repeat(count)), Some(2));
    assert_eq!((rows.len(), &rows[0]), (count + 2, &(1, vec![])));
    assert_eq!(rows.last().unwrap().1, cells(&["3", "c"]));
}

#[test]
fn quotes_that_are_not_doubled_are_part_of_the_text() {
    let text = "1,\"he said \"hi\" to me\",x\n2,\"so \"it is, they say\",x\n3,\"called\" fine,x\n4,\"a\nb \"c\" d\",x\n";
    let expected = [
        (1, cells(&["1", "he said \"hi\" to me", "x"])),
        (2, cells(&["2", "so \"it is, they say", "x"])),
        (3, cells(&["3", "called fine", "x"])),
        (4, cells(&["4", "a\nb \"c\" d", "x"])),
    ];
    assert_eq!(read(text, Some(3)), expected);
    let signs = Signs { delimiter: b',', has_backslashes: true };
    let rows = read_as("1,\"he said \\\"hi\\\", c:\\\\x\\y\\\nthen\",x\n", signs, Some(3));
    assert_eq!(rows[0].1.clone().unwrap_or_default(), cells(&["1", "he said \"hi\", c:\\x\\y\nthen", "x"]));
}

#[test]
fn a_cell_and_a_line_have_a_bound() {
    let rows = read(&format!("1,{}ü,z\n2,{}\n3,c", "ü".repeat(300_000), "x".repeat(2 * ROW_MAX)), None);
    assert_eq!(rows[0].1[1].len(), CELL_MAX);
    assert_eq!(rows[0].1[2], "z");
    assert_eq!(rows[1..], [(2, vec![]), (3, cells(&["3", "c"]))]);
}

#[test]
fn looking_for_ends_in_vain_is_bounded() {
    for line in ["1,\"\"\"\n", "1,\"\"x\"\",b\n", "1,\"a \"\n", "1,\"x\n"] {
        let text = line.repeat(300_000 / line.len());
        let text = format!("{text}1,\"{}", "a \"b".repeat(100_000));
        let started = std::time::Instant::now();
        read(&text, Some(2));
        assert!(started.elapsed().as_secs() < 20, "{line:?}: {:?}", started.elapsed());
    }
}

#[test]
fn any_text_is_read_to_its_end() {
    let signs = ["a", ",", "\"", "\\", " ", "\r", "\n", "ü"];
    // a linear congruential generator: the same texts each time
    let mut state = 7_u64;
    for round in 0..20_000 {
        let mut text = String::new();
        for _ in 0..round % 40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(signs[(state >> 60) as usize % signs.len()]);
        }
        let lines = text.replace("\r\n", "\n").replace('\r', "\n").split('\n').count() as u64;
        let signs = Signs { delimiter: b',', has_backslashes: round % 2 == 0 };
        let rows = read_as(&text, signs, Some(2));
        assert!(rows.windows(2).all(|two| two[0].0 < two[1].0), "{text:?}");
        assert!(rows.iter().all(|(line, _)| *line <= lines), "{text:?}");
    }
}

#[test]
fn quotations_without_end_cost_a_file_a_bounded_number_of_looks() {
    let file = "7;\"it is late;\n".repeat(200_000);
    let mut rows = Rows::new(file.as_bytes(), Signs { delimiter: b';', has_backslashes: false });
    rows.expect(3);
    while rows.next().unwrap().is_some() {}
    let most = VAIN_MAX + ROW_MAX + file.len() * TIMES_MAX + 200_000 * 2 * SHORTEST;
    assert!(rows.vain < most, "{} of {most}", rows.vain);
}
