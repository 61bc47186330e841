//! The check digits of cards, bank accounts and national ids. Each function takes ASCII digits and capitals without
//! blanks, and tells if the rule holds.

/// Payment cards: every second digit from the right counts double.
pub(super) fn luhn(id: &[u8]) -> bool {
    let sum: u32 = id
        .iter()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(c, weight)| match digit(*c) * weight {
            doubled if doubled > 9 => doubled - 9,
            plain => plain,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Vehicles, as North America checks them: the ninth character is the weighted sum modulo 11.
pub(super) fn vin(id: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |c: u8| match c {
        b'0'..=b'9' => u32::from(c - b'0'),
        b'A'..=b'H' => u32::from(c - b'A') + 1,
        b'J'..=b'R' => u32::from(c - b'J') + 1,
        _ => u32::from(c.saturating_sub(b'S')) + 2,
    };
    let sum: u32 = id.iter().zip(WEIGHTS).map(|(c, weight)| value(*c) * weight).sum();
    match (sum % 11, id.get(8)) {
        (10, Some(check)) => *check == b'X',
        (rest, Some(check)) => u32::from(*check) == u32::from(b'0') + rest,
        _ => false,
    }
}

/// Bank accounts: country and check digits go last, letters count 10 to 35, the whole is 1 modulo 97.
pub(super) fn iban(id: &[u8]) -> bool {
    let (head, body) = id.split_at(4);
    body.iter().chain(head).fold(0, |sum, c| match c {
        b'0'..=b'9' => (sum * 10 + digit(*c)) % 97,
        _ => (sum * 100 + u32::from(c - b'A') + 10) % 97,
    }) == 1
}

/// United States, Social Security: no check digit, but ranges that are never given out.
pub(super) fn us(id: &[u8]) -> bool {
    !matches!(&id[..3], b"000" | b"666") && id[0] != b'9' && &id[3..5] != b"00" && &id[5..] != b"0000"
}

/// United Kingdom, National Insurance.
pub(super) fn gb(id: &[u8]) -> bool {
    let prefix_given = !id[..2].iter().any(|c| b"DFIQUV".contains(c)) && id[1] != b'O';
    prefix_given
        && !matches!(&id[..2], b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ")
        && id[8] <= b'D'
}

/// Germany, tax id: ISO 7064 mod 11,10; one digit of the first ten occurs twice or three times.
pub(super) fn de(id: &[u8]) -> bool {
    // a digit of the first ten that occurs more than once
    let occurs_twice = |d: &u8| id[..10].iter().filter(|c| *c == d).nth(1).is_some();
    let repeated = (b'0'..=b'9').filter(occurs_twice).count();
    let product = id[..10].iter().fold(10, |product, c| {
        let sum = match (digit(*c) + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    id[0] != b'0' && repeated == 1 && (11 - product) % 10 == digit(id[10])
}

/// France, social security; the departments of Corsica hold a letter.
pub(super) fn fr(id: &[u8]) -> bool {
    let corsica = match &id[5..7] {
        b"2A" => 1_000_000,
        b"2B" => 2_000_000,
        _ => 0,
    };
    let digits = |part: &[u8]| part.iter().fold(0u64, |n, c| n * 10 + u64::from(digit(*c)));
    let number =
        id[..13].iter().fold(0u64, |n, c| n * 10 + if c.is_ascii_digit() { u64::from(digit(*c)) } else { 0 });
    // a letter read as 0 leaves 20 in place of 19 (2A) or 18 (2B)
    matches!(id[0], b'1'..=b'4' | b'7' | b'8')
        && (corsica > 0 || id[6].is_ascii_digit())
        && 97 - (number - corsica) % 97 == digits(&id[13..])
}

/// Spain, DNI and NIE: the letter is the number modulo 23.
pub(super) fn es(id: &[u8]) -> bool {
    let number = id[..8].iter().fold(0, |n, c| match c {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        _ => n * 10 + digit(*c),
    });
    let foreign = matches!(id[0], b'X'..=b'Z');
    (foreign || id[0].is_ascii_digit()) && b"TRWAGMYFPDXBNJZSQVHLCKE"[number as usize % 23] == id[8]
}

/// Italy, codice fiscale: characters in odd places count by a table.
pub(super) fn it(id: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let value = |c: u8| if c.is_ascii_digit() { digit(c) } else { u32::from(c - b'A') };
    let sum: u32 = (0..15).map(|i| if i % 2 == 0 { ODD[value(id[i]) as usize] } else { value(id[i]) }).sum();
    sum % 26 == u32::from(id[15] - b'A')
}

/// Belgium, national register: 97 less the number modulo 97; from 2000 on a 2 goes before.
pub(super) fn be(id: &[u8]) -> bool {
    let number = id[..9].iter().fold(0u64, |n, c| n * 10 + u64::from(digit(*c)));
    let check = u64::from(digit(id[9]) * 10 + digit(id[10]));
    is_date(&id[2..4], &id[4..6]) && [number, 2_000_000_000 + number].iter().any(|n| 97 - n % 97 == check)
}

/// Poland, PESEL: the century is in the month.
pub(super) fn pl(id: &[u8]) -> bool {
    let month = (digit(id[2]) * 10 + digit(id[3])) % 20;
    (1..=12).contains(&month)
        && is_day(&id[4..6])
        && weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Brazil, CPF.
pub(super) fn br(id: &[u8]) -> bool {
    let check = |length: u32| {
        let sum: u32 = (0..length).map(|i| digit(id[i as usize]) * (length + 1 - i)).sum();
        sum * 10 % 11 % 10 == digit(id[length as usize])
    };
    id.iter().any(|c| *c != id[0]) && check(9) && check(10)
}

/// Sweden, with or without the century.
pub(super) fn se(id: &[u8]) -> bool {
    let id = &id[id.len() - 10..];
    // a coordination number adds 60 to the day
    let day = (digit(id[4]) * 10 + digit(id[5])) % 60;
    (1..=31).contains(&day) && is_month(&id[2..4]) && luhn(id)
}

/// Denmark: a date, and no check digit since 2007.
pub(super) fn dk(id: &[u8]) -> bool {
    is_date(&id[2..4], &id[..2])
}

/// Finland.
pub(super) fn fi(id: &[u8]) -> bool {
    let number = id[..6].iter().chain(&id[id.len() - 4..id.len() - 1]).fold(0, |n, c| n * 10 + digit(*c));
    let known = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[number as usize % 31] == id[id.len() - 1];
    is_date(&id[2..4], &id[..2]) && known
}

/// Norway.
pub(super) fn no(id: &[u8]) -> bool {
    let day = digit(id[0]) % 4 * 10 + digit(id[1]);
    (1..=31).contains(&day)
        && is_month(&id[2..4])
        && weighted(id, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && weighted(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Czechia and Slovakia; women's months have 50 added, and a remainder of 10 was once written as 0.
pub(super) fn cz(id: &[u8]) -> bool {
    let month = (digit(id[2]) * 10 + digit(id[3])) % 50 % 20;
    let number = id[..9].iter().fold(0, |n, c| n * 10 + digit(*c));
    (1..=12).contains(&month) && is_day(&id[4..6]) && number % 11 % 10 == digit(id[9])
}

/// Türkiye.
pub(super) fn tr(id: &[u8]) -> bool {
    let sum =
        |from: usize, to: usize, step: usize| (from..to).step_by(step).map(|i| digit(id[i])).sum::<u32>();
    id[0] != b'0'
        && (sum(0, 9, 2) * 7 + 90 - sum(1, 8, 2)) % 10 == digit(id[9])
        && sum(0, 10, 1) % 10 == digit(id[10])
}

/// China, resident id.
pub(super) fn cn(id: &[u8]) -> bool {
    let sum = weighted(id, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    matches!(&id[6..8], b"19" | b"20")
        && is_date(&id[10..12], &id[12..14])
        && b"10X98765432"[sum as usize % 11] == id[17]
}

/// Korea, resident registration.
pub(super) fn kr(id: &[u8]) -> bool {
    is_date(&id[2..4], &id[4..6]) && matches!(id[6], b'1'..=b'8')
}

/// South Africa.
pub(super) fn za(id: &[u8]) -> bool {
    is_date(&id[2..4], &id[4..6]) && matches!(id[10], b'0' | b'1') && luhn(id)
}

/// Romania.
pub(super) fn ro(id: &[u8]) -> bool {
    let sum = weighted(id, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    is_date(&id[3..5], &id[5..7]) && (if sum == 10 { 1 } else { sum }) == digit(id[12])
}

/// Greece, AMKA.
pub(super) fn gr(id: &[u8]) -> bool {
    is_date(&id[2..4], &id[..2]) && luhn(id)
}

/// Russia, SNILS.
pub(super) fn ru(id: &[u8]) -> bool {
    weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100 == digit(id[9]) * 10 + digit(id[10])
}

/// Switzerland, AHV.
pub(super) fn ch(id: &[u8]) -> bool {
    id.starts_with(b"756") && weighted(id, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// Chile, RUT.
pub(super) fn cl(id: &[u8]) -> bool {
    let (number, check) = id.split_at(id.len() - 1);
    let sum: u32 = number
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7].iter().cycle())
        .map(|(c, weight)| digit(*c) * weight)
        .sum();
    b"0K987654321"[sum as usize % 11] == check[0]
}

/// Mexico, CURP: a date, then the sex.
pub(super) fn mx(id: &[u8]) -> bool {
    is_date(&id[6..8], &id[8..10]) && matches!(id[10], b'H' | b'M')
}

/// India, Aadhaar: the Verhoeff scheme, products in the dihedral group of order ten.
pub(super) fn aadhaar(id: &[u8]) -> bool {
    const TURN: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let check = id.iter().rev().enumerate().fold(0, |sum, (i, c)| {
        let turned = (0..i % 8).fold(digit(*c), |d, _| TURN[d as usize]);
        product(sum, turned)
    });
    id[0] >= b'2' && check == 0
}

/// India, PAN: the fourth letter says whose it is, P for a person.
pub(super) fn pan(id: &[u8]) -> bool {
    id[3] == b'P'
}

fn digit(c: u8) -> u32 {
    u32::from(c.wrapping_sub(b'0'))
}

fn weighted(id: &[u8], weights: &[u32]) -> u32 {
    id.iter().zip(weights).map(|(c, weight)| digit(*c) * weight).sum()
}

fn is_month(month: &[u8]) -> bool {
    (1..=12).contains(&(digit(month[0]) * 10 + digit(month[1])))
}

fn is_day(day: &[u8]) -> bool {
    (1..=31).contains(&(digit(day[0]) * 10 + digit(day[1])))
}

fn is_date(month: &[u8], day: &[u8]) -> bool {
    is_month(month) && is_day(day)
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_changed_digit_fails() {
        let check = |rule: fn(&[u8]) -> bool, id: &str| {
            assert!(rule(id.as_bytes()), "{id}");
            let mut changed = id.as_bytes().to_vec();
            let last_digit = changed.iter().rposition(u8::is_ascii_digit).unwrap();
            changed[last_digit] = if changed[last_digit] == b'9' { b'8' } else { changed[last_digit] + 1 };
            assert!(!rule(&changed), "{id} changed");
        };
        check(luhn, "4111111111111111");
        check(iban, "GB82WEST12345698765432");
        check(iban, "DE89370400440532013000");
        check(de, "86095742719");
        check(fr, "255081416802538");
        check(fr, "180122A00100143");
        check(es, "12345678Z");
        check(es, "X1234567L");
        check(it, "RSSMRA85T10A562S");
        check(be, "85073003328");
        check(pl, "44051401359");
        check(br, "52998224725");
        check(se, "8112189876");
        check(fi, "131052-308T");
        check(no, "15076500565");
        check(cz, "7801233540");
        check(tr, "10000000146");
        check(cn, "11010519491231002X");
        check(za, "8001015009087");
        check(ro, "1800101221144");
        check(ru, "11223344595");
        check(ch, "7569217076985");
        check(cl, "123456785");
        check(aadhaar, "234123412346");
    }
}
