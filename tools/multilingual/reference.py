#!/usr/bin/env python3
"""Makes what the multilingual encoder is tested against: pieces, and vectors before the weights were quantized.

    python3 reference.py PLACES.safetensors BASE_FOLDER > crates/nlp/tests/data/encoder/multilingual.json
"""
import json
import sys

import numpy as np

from model import PREFIX, Model, english
from place import LANGUAGES

TEXTS = [
    ("de", "Wo ist meine Bestellung?"),
    ("fr", "Je n'ai toujours pas reçu mon remboursement"),
    ("es", "¿Cómo puedo cambiar mi contraseña?"),
    ("it", "Vorrei annullare il mio abbonamento"),
    ("pt", "Fui cobrado duas vezes pela mesma reserva e ninguém responde aos meus e-mails"),
    ("pl", "Aplikacja się zawiesza, gdy otwieram ustawienia"),
    ("ru", "Посылка пришла повреждённой, хочу вернуть деньги"),
    ("uk", "Як змінити адресу доставки?"),
    ("el", "Πού είναι η παραγγελία μου;"),
    ("tr", "Kartım çalındı, ne yapmalıyım?"),
    ("ar", "أين طلبي؟ لم يصل بعد"),
    ("he", "איפה ההזמנה שלי?"),
    ("fa", "چطور می‌توانم رمز عبورم را عوض کنم؟"),
    ("hi", "मेरा ऑर्डर कहाँ है?"),
    ("th", "ฉันต้องการขอเงินคืน"),
    ("zh", "我的订单在哪里？已经等了两个星期了"),
    ("ja", "パスワードを忘れました。再設定の方法を教えてください。"),
    ("ko", "환불은 언제 받을 수 있나요?"),
    ("vi", "Tôi muốn hủy đơn hàng"),
    ("sw", "Nataka kurudishiwa pesa zangu"),
    ("fi", "En pääse kirjautumaan sisään"),
    ("en", "Where is my order?"),
    (None, "On és la meva comanda?"),
    ("de", ""),
    ("de", "  Größe \t und\u00a0Farbe ﬁnden   ①  "),
    ("de", "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz 🙂🙃 ok"),
    ("nl", "ik wil graag mijn pakket terugsturen want het is kapot " * 8),
]


def main(places, base):
    model = Model(base)
    places = english.load(places)
    rows = []
    directions = model.encode([text for _, text in TEXTS])
    for (language, text), direction in zip(TEXTS, directions):
        at = LANGUAGES.index(language) if language else len(LANGUAGES)
        row = {"language": language, "text": text, "pieces": model.tokenizer.encode(PREFIX + text).tokens[1:-1]}
        for name in ("linked", "compared"):
            weights, bias, shifts = (places[f"{name}.{part}"].numpy() for part in ("weight", "bias", "shifts"))
            vector = weights @ direction + bias - shifts[at]
            row[name] = [round(float(value), 4) for value in vector / np.linalg.norm(vector)]
        rows.append(row)
    print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]")


if __name__ == "__main__":
    main(*sys.argv[1:3])
