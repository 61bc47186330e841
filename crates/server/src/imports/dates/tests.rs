use super::*;

fn shown(text: &str, zone: &str, order: Option<DateOrder>) -> String {
    match read(text, &Calendar::of(zone).unwrap(), order) {
        Ok(time) => time.to_string().replace(".000Z", "Z"),
        Err(unread) => format!("{unread:?}"),
    }
}

#[test]
fn dates_are_read_as_they_are_written() {
    for (text, expected) in [
        ("2025-04-01T08:00:00Z", "2025-04-01T08:00:00Z"),
        ("2025-04-01T08:00:00.123456789+02:00", "2025-04-01T06:00:00.123Z"),
        ("2025-04-01T10:00+02:00", "2025-04-01T08:00:00Z"),
        ("2025-04-01T03:00:00.5-05:00", "2025-04-01T08:00:00.500Z"),
        ("2025-04-01T08:00:00.1234567891234Z", "2025-04-01T08:00:00.123Z"),
        ("2025-04-01 08:00:00", "2025-04-01T08:00:00Z"),
        ("2025-04-01 08:00", "2025-04-01T08:00:00Z"),
        ("2025-04-01", "2025-04-01T00:00:00Z"),
        ("2025/4/1 8:05", "2025-04-01T08:05:00Z"),
        ("2025.04.01. 8:05:09", "2025-04-01T08:05:09Z"),
        ("20250401T080000Z", "2025-04-01T08:00:00Z"),
        ("20250401", "2025-04-01T00:00:00Z"),
        ("20250401080000", "2025-04-01T08:00:00Z"),
        ("2025-04-01 08:00:00 UTC", "2025-04-01T08:00:00Z"),
        ("2025-04-01 08:00:00 +0000 UTC", "2025-04-01T08:00:00Z"),
        ("2025-04-01 08:00:00 EST", "2025-04-01T13:00:00Z"),
        ("2025-04-01T08:00:00-05", "2025-04-01T13:00:00Z"),
        ("2025-04-01T10:00:00+02:00[Europe/Berlin]", "2025-04-01T08:00:00Z"),
        ("Tue, 01 Apr 2025 09:15:22 +0200", "2025-04-01T07:15:22Z"),
        ("Tue, 1 Apr 2025 09:15:22 GMT", "2025-04-01T09:15:22Z"),
        ("Tue Apr 01 2025 09:15:22 GMT+0200 (Central European Summer Time)", "2025-04-01T07:15:22Z"),
        ("Tue Apr  1 09:15:22 2025", "2025-04-01T09:15:22Z"),
        ("Tue Apr 01 09:15:22 +0200 2025", "2025-04-01T07:15:22Z"),
        ("Apr 1, 2025, 9:15 AM", "2025-04-01T09:15:00Z"),
        ("Apr 1, 2025, 9:15\u{202f}PM", "2025-04-01T21:15:00Z"),
        ("April 1st, 2025 at 12:05 a.m.", "2025-04-01T00:05:00Z"),
        ("01-Apr-25 09:15", "2025-04-01T09:15:00Z"),
        ("1. April 2025, 09:15 Uhr", "2025-04-01T09:15:00Z"),
        ("Dienstag, 1. April 2025 um 09:15:22 MESZ", "2025-04-01T07:15:22Z"),
        ("mar. 1 avr. 2025 à 9h15", "2025-04-01T09:15:00Z"),
        ("1 de abril de 2025, 9:15 p. m.", "2025-04-01T21:15:00Z"),
        ("1er août 2025", "2025-08-01T00:00:00Z"),
        ("1 апреля 2025 г., 09:15", "2025-04-01T09:15:00Z"),
        ("2025年4月1日 9時15分22秒", "2025-04-01T09:15:22Z"),
        ("2025년 4월 1일 화요일 오후 9:15", "2025-04-01T21:15:00Z"),
        ("٢٠٢٥-٠٤-٠١ ٠٩:١٥", "2025-04-01T09:15:00Z"),
        ("14/04/2025 09:15", "2025-04-14T09:15:00Z"),
        ("4/14/25, 9:15 PM", "2025-04-14T21:15:00Z"),
        ("01.04.2025 9.15", "2025-04-01T09:15:00Z"),
        ("1.4.25", "2025-04-01T00:00:00Z"),
        ("04/04/2025", "2025-04-04T00:00:00Z"),
        ("1743494400", "2025-04-01T08:00:00Z"),
        ("1743494400.5", "2025-04-01T08:00:00.500Z"),
        ("1743494400123", "2025-04-01T08:00:00.123Z"),
        ("1743494400123456", "2025-04-01T08:00:00.123Z"),
        ("45748.385000", "2025-04-01T09:14:24Z"),
        ("45748,385", "2025-04-01T09:14:24Z"),
        ("45748", "2025-04-01T00:00:00Z"),
    ] {
        assert_eq!(shown(text, "UTC", None), expected, "{text}");
    }
}

#[test]
fn a_date_without_a_zone_is_of_the_calendar() {
    for text in
        ["2025-04-01 10:00", "2025-04-01T10:00:00", "1 Apr 2025 10:00", "01.04.2025 10:00", "45748.416666667"]
    {
        assert_eq!(shown(text, "Europe/Berlin", None), "2025-04-01T08:00:00Z", "{text}");
    }
    assert_eq!(shown("2025-04-01", "Europe/Berlin", None), "2025-03-31T22:00:00Z");
    assert_eq!(shown("2025-04-01T10:00:00Z", "Europe/Berlin", None), "2025-04-01T10:00:00Z");
}

#[test]
fn day_and_month_are_never_guessed() {
    for text in ["01/04/2025 09:15", "1/4/25", "01-04-2025", "25-04-01"] {
        assert_eq!(
            (shown(text, "UTC", None), order_told(text)),
            ("Unordered".into(), OrderTold::Ambiguous),
            "{text}"
        );
    }
    assert_eq!(shown("01/04/2025 09:15", "UTC", Some(DateOrder::Dmy)), "2025-04-01T09:15:00Z");
    assert_eq!(shown("4/1/2025 9:15:22 PM", "UTC", Some(DateOrder::Mdy)), "2025-04-01T21:15:22Z");
    for (text, told) in [
        ("14/04/2025", OrderTold::Dmy),
        ("9:15 PM, 4/14/2025", OrderTold::Mdy),
        ("14-04-2025", OrderTold::Dmy),
        ("04/04/2025", OrderTold::Nothing),
        ("01.04.2025", OrderTold::Nothing),
        ("2025-04-01", OrderTold::Nothing),
        ("2025/04/01", OrderTold::Nothing),
        ("1743494400", OrderTold::Nothing),
        ("1 Apr 2025", OrderTold::Nothing),
        ("never", OrderTold::Nothing),
    ] {
        assert_eq!(order_told(text), told, "{text}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "yesterday",
        "n/a",
        "0",
        "5",
        "2025",
        "Q1 2025",
        "2025-13-01",
        "2025-02-30",
        "31.02.2025",
        "2025-04-01 25:00",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31",
        "2 days ago",
        "491701234567",
        "2025-04-01 08:00 XYZT",
        "12:30",
        "Apr 2025",
        "1/2/3/4",
        "😀",
        "99999999999999999999999999",
    ] {
        assert_eq!(shown(text, "UTC", Some(DateOrder::Dmy)), "NoDate", "{text}");
    }
}

#[test]
fn no_text_is_too_much() {
    let samples = [
        "Tue, 01 Apr 2025 09:15:22.123 +02:00 (x) [y]",
        "2025년 4월 1일 오후 9:15",
        "1/2/3 4h5 p. m. - + .:,",
    ];
    for text in samples {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for from in &places {
            for to in places.iter().filter(|to| *to >= from) {
                let without = format!("{}{}", &text[..*from], &text[*to..]);
                for part in [&text[*from..*to], &without] {
                    let _ = read(part, &Calendar::default(), None);
                    let _ = order_told(part);
                }
            }
        }
    }
}
