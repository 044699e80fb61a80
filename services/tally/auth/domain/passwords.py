"""What a new password must not be."""

from tally.auth.domain.errors import PasswordTooCommon

_LISTED = """
    password1234 password12345 passwordpassword password123456 password123! password1234!
    123456789012 1234567890123 12345678901234 123456789012345 1234567890123456 1234567891011 012345678910
    121212121212 123123123123 123456123456 112233445566 qwertyuiop12 qwertyuiop123 qwertyuiop[]
    qwertyqwerty qwerty123456 qwerty12345678 1qaz2wsx3edc 1q2w3e4r5t6y q1w2e3r4t5y6 asdfghjkl123 asdfasdfasdf
    zxcvbnm12345 abcdefghijkl abcdefg12345 abcd12345678 abc123456789 iloveyou1234 iloveyou12345
    letmein12345 letmeinletmein welcome12345 welcome123456 changemechangeme changeme1234 changeme12345
    administrator administrator1 adminadminadmin admin1234567 admin12345678 admin123456789 rootrootroot
    superadmin123 trustno1trustno1 monkeymonkey dragondragon sunshine1234 princess1234 football1234
    baseball1234 passw0rd1234 p@ssw0rd1234 p@ssword1234 p@ssw0rd12345 correcthorsebatterystaple secretsecret
"""
_COMMON = frozenset(_LISTED.split())
"""Common choices of the twelve characters or more that the contract wants; a short list by hand, in lower case."""


def check_password(password: str, email: str) -> None:
    """Refuse passwords that attackers try first: common ones, one repeated character, the user's own address.

    Raises:
        PasswordTooCommon: It is such a one.
    """
    plain = password.lower()
    if plain in _COMMON or len(set(plain)) == 1 or plain in (email, email.partition("@")[0]):
        raise PasswordTooCommon
