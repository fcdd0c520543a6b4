"""What the demo says between the commands, in both languages."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "begin": (
        "Bảy bước của hướng dẫn, chạy thật trong môi trường thử nghiệm tại {folder}",
        "The guide's seven steps, for real, in a sandbox in {folder}",
    ),
    "home": (
        "Cài đặt và trạng thái của bản trình diễn nằm riêng: DVC_HOME={home}",
        "The demo keeps settings and state of its own: DVC_HOME={home}",
    ),
    "step-token": ("Bước 1. Chứng thư số và token", "Step 1. Certificate and token"),
    "step-scan": ("Bước 2. Quét giấy tờ", "Step 2. Scan the papers"),
    "step-login": ("Bước 3. Đăng nhập", "Step 3. Log in"),
    "step-procedure": ("Bước 4. Chọn thủ tục", "Step 4. Choose the procedure"),
    "step-fill": ("Bước 5. Điền thông tin, chuẩn bị thành phần hồ sơ", "Step 5. Fill in, prepare the components"),
    "step-sign": ("Bước 6. Ký số bằng VNPT SmartCA, tải lên", "Step 6. Sign with VNPT SmartCA, upload"),
    "step-submit": ("Bước 7. Xác nhận, nộp, nhận mã hồ sơ", "Step 7. Confirm, submit, keep the receipt"),
    "step-second": ("Hồ sơ thứ hai, ký bằng USB token", "A second dossier, signed with a USB token"),
    "step-after": ("Cán bộ tiếp nhận; theo dõi hồ sơ", "The official accepts; follow up"),
    "no-softhsm": (
        "Chưa cài SoftHSM2 nên bỏ qua phần USB token (Debian, Ubuntu: `sudo apt install softhsm2`)",
        "SoftHSM2 is not installed, so the USB token's part is left out (Debian, Ubuntu: `sudo apt install softhsm2`)",
    ),
    "captcha": (
        "Bản trình diễn hỏi API quản trị của môi trường thử nghiệm câu trả lời của mã xác nhận; dvc-cli không bao giờ tự giải",
        "The demo asks the sandbox's admin API for the captcha's answer; dvc-cli itself never solves one",
    ),
    "filled": ("Đã điền {path}", "Filled in {path}"),
    "accepted": ("Cán bộ đã tiếp nhận hồ sơ {code}", "The official has accepted dossier {code}"),
    "summary": ("Tóm tắt", "Summary"),
    "pdf": ("PDF từ bản quét", "PDF of the scans"),
    "signed": ("PDF đã ký", "Signed PDF"),
    "receipt": ("Giấy xác nhận nộp", "Receipt"),
    "codes": ("Mã hồ sơ", "Dossier codes"),
    "verdict": ("Kiểm tra chữ ký", "Verdict of verify"),
    "pages": ("Trang của cổng", "Portal page"),
    "phone": ("Điện thoại SmartCA", "SmartCA phone"),
    "took": ("Thời gian", "Time"),
    "running": (
        "Môi trường thử nghiệm vẫn chạy. Đăng nhập: congdan / CongDan@123. Để dừng:",
        "The sandbox is still running. Log in as: congdan / CongDan@123. To stop it:",
    ),
    "stopped": ("Môi trường thử nghiệm đã dừng", "The sandbox has stopped"),
}


def words(key: str, language: str, **fields: object) -> str:
    """A sentence of the demo in `vi` or `en`."""
    vietnamese, english = WORDS[key]
    return (vietnamese if language == "vi" else english).format(**fields)
